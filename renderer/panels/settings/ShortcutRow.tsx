/** A command of the shortcut editor: its keys as buttons, one of which may be waiting for the keys that replace it. */
import { Button, Kbd } from '@mantine/core'
import { IconPlus, IconRotate2, IconX } from '@tabler/icons-react'
import { useEffect, useRef, useState } from 'react'
import type { Command } from '../../app/commands/command.ts'
import { formatShortcut, shortcutOf } from '../../app/commands/keys.ts'
import { commands } from '../../app/commands/registry.ts'
import { t } from '../../strings/t.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { type Keymap, giveKey, isChanged, keysOf, takersOf, withKeys } from './keymapEdit.ts'

/** What is passed. */
export interface ShortcutRowProps {
  readonly command: Command
  readonly keymap: Keymap
  readonly onChange: (keymap: Keymap) => void
}

/** Waiting for keys: in the place of one, or beside those there are; and what was pressed when somebody else has it. */
type Asking = { readonly instead: string | undefined; readonly taken: { readonly key: string; readonly by: Command } | null }

/** See the file's head. */
export function ShortcutRow({ command, keymap, onChange }: ShortcutRowProps) {
  const [asking, setAsking] = useState<Asking | null>(null)
  const name = t(command.title)
  const keys = keysOf(command, keymap)
  const take = (key: string): void => {
    const [by] = takersOf(commands, keymap, command, key)
    if (by && asking) return setAsking({ ...asking, taken: { key, by } })
    onChange(giveKey(commands, keymap, command, key, asking?.instead))
    setAsking(null)
  }
  return (
    <li className="shortcuts-row" data-changed={isChanged(command, keymap) || undefined}>
      <span className="shortcuts-name">{name}</span>
      <span className="shortcuts-keys">
        {keys.map((key) => (
          <span key={key} className="shortcuts-key">
            <button type="button" aria-label={t('settings.keys.change', { key: formatShortcut(key), name })} onClick={() => setAsking({ instead: key, taken: null })}><Kbd>{formatShortcut(key)}</Kbd></button>
            <button type="button" className="shortcuts-drop" aria-label={t('settings.keys.remove', { key: formatShortcut(key), name })} onClick={() => onChange(withKeys(keymap, command, keys.filter((one) => one !== key)))}><IconX size="0.6875rem" aria-hidden /></button>
          </span>
        ))}
        {keys.length === 0 && <span className="settings-dim">{t('settings.keys.none')}</span>}
        <IconButton icon={IconPlus} size={0.875} label={t('settings.keys.add', { name })} onClick={() => setAsking({ instead: undefined, taken: null })} />
        {isChanged(command, keymap) && <IconButton icon={IconRotate2} size={0.875} label={t('settings.keys.reset', { name })} onClick={() => onChange(withKeys(keymap, command, keysOf(command, {})))} />}
      </span>
      {asking && (asking.taken
        ? (
          <div className="shortcuts-taken" role="alert">
            <span>{t('settings.keys.taken', { key: formatShortcut(asking.taken.key), other: t(asking.taken.by.title) })}</span>
            <Button size="compact-sm" autoFocus onClick={() => { onChange(giveKey(commands, keymap, command, asking.taken!.key, asking.instead)); setAsking(null) }}>{t('settings.keys.take', { name })}</Button>
            <Button size="compact-sm" variant="default" onClick={() => setAsking({ ...asking, taken: null })}>{t('settings.keys.other')}</Button>
          </div>
        )
        : <KeyCatcher onKeys={take} onLeave={() => setAsking(null)} />)}
    </li>
  )
}

/** Waits for a press of keys; whatever it is, it does nothing else. The attribute keeps the dialog open at Escape. */
function KeyCatcher({ onKeys, onLeave }: { readonly onKeys: (shortcut: string) => void; readonly onLeave: () => void }) {
  const field = useRef<HTMLDivElement>(null)
  useEffect(() => field.current?.focus(), [])
  return (
    <div
      ref={field} tabIndex={0} data-mantine-stop-propagation="true" role="textbox" aria-readonly className="shortcuts-catcher" aria-label={`${t('settings.keys.press')}. ${t('settings.keys.press.help')}`} onBlur={onLeave}
      onKeyDown={(event) => {
        event.preventDefault()
        event.stopPropagation()
        if (event.key === 'Escape') return onLeave()
        const shortcut = shortcutOf(event.nativeEvent)
        if (shortcut !== null) onKeys(shortcut)
      }}
    >{t('settings.keys.press')}<span className="settings-dim">{t('settings.keys.press.help')}</span></div>
  )
}
