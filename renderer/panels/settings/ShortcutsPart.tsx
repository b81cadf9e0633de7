/** Every command with its keys; keys are changed by pressing them. Who has a key already is named before it is taken. */
import { Button, TextInput } from '@mantine/core'
import { IconAlertTriangle, IconSearch } from '@tabler/icons-react'
import { useState } from 'react'
import type { Command } from '../../app/commands/command.ts'
import { formatShortcut } from '../../app/commands/keys.ts'
import { commands, findConflicts } from '../../app/commands/registry.ts'
import { t } from '../../strings/t.ts'
import { ShortcutRow } from './ShortcutRow.tsx'
import { byTopic, findCommands } from './keymapEdit.ts'
import { topicName } from './topics.ts'
import { useSettings } from './useSettings.ts'

const titleOf = (command: Command): string => t(command.title)

/** See the file's head. */
export function ShortcutsPart() {
  const [{ keymap }, change] = useSettings()
  const [query, setQuery] = useState('')
  const found = findCommands(commands, keymap, query, titleOf, formatShortcut)
  const conflicts = findConflicts(keymap)
  return (
    <div className="shortcuts">
      <div className="settings-line">
        <TextInput className="shortcuts-find" aria-label={t('settings.keys.find')} placeholder={t('settings.keys.find')} leftSection={<IconSearch size="0.875rem" />} value={query} onChange={(event) => setQuery(event.currentTarget.value)} onKeyDown={(event) => { if (event.key !== 'Escape') event.stopPropagation() }} />
        <Button variant="default" disabled={Object.keys(keymap).length === 0} onClick={() => change({ keymap: {} })}>{t('settings.keys.reset.all')}</Button>
      </div>
      {conflicts.length > 0 && (
        <section className="shortcuts-conflicts" role="status">
          <strong><IconAlertTriangle size="0.875rem" aria-hidden />{t('settings.keys.conflicts', { n: conflicts.length })}</strong>
          <ul>{conflicts.map((conflict) => <li key={`${conflict.shortcut} ${conflict.commands[0]?.id}`}>{t('settings.keys.conflict', { key: formatShortcut(conflict.shortcut), names: conflict.commands.map(titleOf).join(', ') })}</li>)}</ul>
        </section>
      )}
      {found.length === 0 && <p className="settings-dim">{t('settings.keys.nothing')}</p>}
      <div className="shortcuts-list" tabIndex={0} role="region" aria-label={t('settings.keys')}>
        {byTopic(found).map(([topic, some]) => (
          <section key={topic} aria-label={topicName(topic)}>
            <h3>{topicName(topic)}</h3>
            <ul>{some.map((command) => <ShortcutRow key={command.id} command={command} keymap={keymap} onChange={(next) => change({ keymap: Object.fromEntries(Object.entries(next).map(([id, keys]) => [id, [...keys]])) })} />)}</ul>
          </section>
        ))}
      </div>
    </div>
  )
}
