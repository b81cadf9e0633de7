/** The command palette: type some letters of a command, press Enter. */
import { Kbd, Modal, TextInput } from '@mantine/core'
import { IconSearch } from '@tabler/icons-react'
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react'
import { layoutStore } from '../../stores/layoutStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import type { Command } from '../commands/command.ts'
import { rank } from '../commands/fuzzy.ts'
import { formatShortcut } from '../commands/keys.ts'
import { commands, isEnabled, runCommand, shortcutsOf } from '../commands/registry.ts'

const close = (): void => layoutStore.setState({ palette: false })

/** See the file's head. */
export function Palette() {
  const open = useStore(layoutStore, ({ palette }) => palette)
  return (
    <Modal opened={open} onClose={close} withCloseButton={false} centered={false} yOffset="12vh" size="34rem" padding={0} transitionProps={{ duration: 0 }} attributes={{ content: { 'aria-label': t('palette.title') } }}>
      {open && <PaletteBody />}
    </Modal>
  )
}

function PaletteBody() {
  const [query, setQuery] = useState('')
  const [at, setAt] = useState(0)
  const list = useRef<HTMLDivElement>(null)
  const field = useRef<HTMLInputElement>(null)
  useLayoutEffect(() => field.current?.focus(), []) // at once: people type on without looking
  const found = useMemo(() => {
    const offered = commands.filter((command) => !command.keyOnly && isEnabled(command) && command.id !== 'window.palette')
    return rank(query, offered, (command) => t(command.title)).slice(0, 60)
  }, [query])
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [at, found])
  const choose = (command: Command | undefined): void => {
    close()
    // after the palette has given the focus back, so that commands that move the focus win
    if (command) setTimeout(() => void runCommand(command.id), 0)
  }
  const key = (event: React.KeyboardEvent): void => {
    if (event.key === 'Enter') choose(found[at])
    else if (event.key === 'ArrowDown') setAt((at + 1) % Math.max(1, found.length))
    else if (event.key === 'ArrowUp') setAt((at - 1 + found.length) % Math.max(1, found.length))
    else return
    event.preventDefault()
  }
  return (
    <div className="palette">
      <TextInput
        ref={field} data-autofocus className="palette-field" size="md" variant="unstyled" leftSection={<IconSearch size="1.0625rem" />} placeholder={t('palette.hint')} aria-label={t('shell.search')}
        role="combobox" aria-expanded aria-controls="palette-list" aria-activedescendant={found[at] && `palette-${found[at].id}`} value={query} onKeyDown={key}
        onChange={(event) => {
          setQuery(event.currentTarget.value)
          setAt(0)
        }}
      />
      <div ref={list} className="palette-list" id="palette-list" role="listbox" aria-label={t('palette.title')}>
        {found.map((command, index) => <PaletteRow key={command.id} command={command} selected={index === at} onHover={() => setAt(index)} onChoose={() => choose(command)} />)}
      </div>
      {found.length === 0 && <p className="palette-nothing">{t('palette.nothing')}</p>}
    </div>
  )
}

function PaletteRow({ command, selected, onHover, onChoose }: { readonly command: Command; readonly selected: boolean; readonly onHover: () => void; readonly onChoose: () => void }) {
  const Icon = command.icon
  const shortcut = shortcutsOf(command)[0]
  return (
    <div id={`palette-${command.id}`} role="option" tabIndex={-1} aria-selected={selected} className="palette-row" onPointerMove={(event) => (event.movementX !== 0 || event.movementY !== 0) && onHover()} onClick={onChoose}>
      <span className="palette-icon">{Icon && <Icon size="1rem" />}</span>
      <span className="palette-name">{t(command.title)}</span>
      {shortcut && <Kbd>{formatShortcut(shortcut)}</Kbd>}
    </div>
  )
}
