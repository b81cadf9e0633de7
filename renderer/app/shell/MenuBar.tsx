/** The top line: menus (the system has its own in Electron), the document's name, undo, comparing, the palette. */
import { Menu } from '@mantine/core'
import { IconCheck, IconChevronDown } from '@tabler/icons-react'
import { useState } from 'react'
import { documentStore } from '../../stores/documentStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { type PlainKey, t } from '../../strings/t.ts'
import { runCommand } from '../commands/registry.ts'
import { useCommand } from '../commands/useCommand.ts'
import { MENUS, type MenuLine } from '../menus.ts'
import { CommandIcon } from './CommandButton.tsx'
import { Wordmark } from './Wordmark.tsx'

/** See the file's head. */
export function MenuBar() {
  const native = useStore(sessionStore, ({ info }) => info?.shell === 'electron')
  return (
    <header className="menubar">
      <Wordmark />
      {!native && <Menus />}
      <Title />
      <div className="menubar-right">
        <CommandIcon id="edit.undo" />
        <CommandIcon id="edit.redo" />
        <span className="menubar-gap" />
        <CommandIcon id="view.split" />
        <CommandIcon id="view.difference" />
        <span className="menubar-gap" />
        <CommandIcon id="window.palette" />
        <CommandIcon id="window.panels" />
      </div>
    </header>
  )
}

function Menus() {
  const [open, setOpen] = useState<number | null>(null)
  const move = (by: number): void => setOpen((now) => (now === null ? null : (now + by + MENUS.length) % MENUS.length))
  return (
    <nav className="menus" aria-label={t('shell.menu')}>
      {MENUS.map((menu, index) => (
        <Menu key={menu.title} opened={open === index} onChange={(opened) => setOpen(opened ? index : null)} position="bottom-start" offset={2} width={280} loop>
          <Menu.Target>
            <button type="button" className="menus-title" data-open={open === index || undefined} onPointerEnter={() => open !== null && setOpen(index)}>
              {t(menu.title)}
            </button>
          </Menu.Target>
          <Menu.Dropdown
            onKeyDown={(event) => {
              if (event.key === 'ArrowRight') move(1)
              if (event.key === 'ArrowLeft') move(-1)
            }}
          >
            <MenuLines lines={menu.lines} />
          </Menu.Dropdown>
        </Menu>
      ))}
    </nav>
  )
}

/** Lines of a menu; used by context menus too. */
export function MenuLines({ lines }: { readonly lines: readonly MenuLine[] }) {
  return lines.map((line, index) => (line === '-' ? <Menu.Divider key={index} /> : line === 'recent' ? <Recent key={line} /> : <MenuCommand key={line} id={line} />))
}

function MenuCommand({ id }: { readonly id: string }) {
  const { title, shortcut, enabled, checked } = useCommand(id)
  const key = shortcut && <span className="menus-key">{shortcut}</span>
  if (checked !== undefined) {
    return <Menu.CheckboxItem closeMenuOnClick disabled={!enabled} checked={checked} rightSection={key} checkIcon={<IconCheck size="0.8125rem" aria-hidden />} onChange={() => void runCommand(id)}>{title}</Menu.CheckboxItem>
  }
  return <Menu.Item disabled={!enabled} leftSection={<span className="menus-check" />} rightSection={key} onClick={() => void runCommand(id)}>{title}</Menu.Item>
}

const RECENT: PlainKey = 'menu.recent'

function Recent() {
  const projects = useStore(documentStore, (state) => state.projects)
  return (
    <Menu.Sub>
      <Menu.Sub.Target>
        <Menu.Sub.Item leftSection={<span className="menus-check" />}>{t(RECENT)}</Menu.Sub.Item>
      </Menu.Sub.Target>
      <Menu.Sub.Dropdown>
        {projects.length === 0 && <Menu.Item disabled>{t('menu.empty')}</Menu.Item>}
        {projects.slice(0, 10).map(({ ref, name, missing }) => (
          <Menu.Item key={ref} disabled={missing} onClick={() => void runCommand('file.open-recent', ref)}>{name || t('app.untitled')}</Menu.Item>
        ))}
      </Menu.Sub.Dropdown>
    </Menu.Sub>
  )
}

const NONE: readonly never[] = []

function Title() {
  const name = useStore(documentStore, ({ document }) => document?.name ?? null)
  const about = useStore(documentStore, ({ document }) => document && `${document.canvas.width} × ${document.canvas.height}${document.source ? `  ·  ${document.source.depth} bit${document.source.profile ? `  ·  ${document.source.profile}` : ''}` : ''}`)
  const documents = useStore(documentStore, ({ project }) => project?.documents ?? NONE)
  if (name === null) return <span className="menubar-title" />
  return (
    <span className="menubar-title">
      {documents.length > 1 ? (
        <Menu position="bottom" width={240}>
          <Menu.Target><button type="button" className="menus-title" aria-label={`${name}, ${t('shell.documents')}`}><strong>{name}</strong> <IconChevronDown size="0.75rem" aria-hidden /></button></Menu.Target>
          <Menu.Dropdown>{documents.map((row) => <Menu.Item key={row.document} onClick={() => void runCommand('file.open-document', row.document)}>{row.name}</Menu.Item>)}</Menu.Dropdown>
        </Menu>
      ) : <strong>{name}</strong>}
      <span className="number">{about}</span>
    </span>
  )
}
