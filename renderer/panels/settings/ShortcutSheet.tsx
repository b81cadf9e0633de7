/** The shortcut sheet (?): every key there is, by topic, as it is set now. */
import { Button, Kbd } from '@mantine/core'
import { Fragment } from 'react'
import { formatShortcut } from '../../app/commands/keys.ts'
import { commands } from '../../app/commands/registry.ts'
import type { PlainKey } from '../../strings/t.ts'
import { t } from '../../strings/t.ts'
import { keysOf } from './keymapEdit.ts'
import { openSettings } from './openSettings.ts'
import { topicName } from './topics.ts'
import { useSettings } from './useSettings.ts'
import './settings.css'

/** Keys of places that keep their own: the word chips and the review wall. */
const PLACES: readonly { readonly title: PlainKey; readonly rows: readonly (readonly [PlainKey, readonly string[]])[] }[] = [
  { title: 'keys.topic.words', rows: [['keys.words.move', ['Left', 'Right']], ['keys.words.type', ['Enter']], ['keys.words.weigh', ['Up', 'Down']], ['keys.words.remove', ['Del']], ['keys.words.mask', ['Shift+M']]] },
  { title: 'keys.topic.wall', rows: [['keys.wall.move', ['Left', 'Right']], ['keys.wall.accept', ['Enter']], ['keys.wall.reject', ['X']], ['keys.wall.retry', ['R']], ['keys.wall.open', ['Space']]] },
]

type Row = { readonly name: string; readonly keys: readonly string[] }

/** Rows with one more; commands of one name (the ten opacities of a brush) share a row. */
function withRow(rows: readonly Row[], row: Row): Row[] {
  const last = rows.at(-1)
  return last?.name === row.name ? [...rows.slice(0, -1), { name: row.name, keys: [...last.keys, ...row.keys] }] : [...rows, row]
}

/** Many keys as the first and the last of them. */
function shown(keys: readonly string[]): readonly string[] {
  return keys.length > 4 ? [keys[0]!, '…', keys.at(-1)!] : keys
}

/** See the file's head. */
export function ShortcutSheet() {
  const [{ keymap }] = useSettings()
  const topics = new Map<string, Row[]>()
  for (const command of commands) {
    const keys = keysOf(command, keymap)
    if (keys.length === 0) continue
    const topic = topicName(command.id.split('.')[0]!)
    topics.set(topic, withRow(topics.get(topic) ?? [], { name: t(command.title), keys }))
  }
  for (const { title, rows } of PLACES) topics.set(t(title), rows.map(([name, keys]) => ({ name: t(name), keys })))
  return (
    <div className="sheet">
      <div className="sheet-scroll" tabIndex={0} role="region" aria-label={t('keys.title')} data-autofocus><div className="sheet-columns">
        {[...topics].map(([topic, rows]) => (
          <section key={topic} aria-label={topic}>
            <h3>{topic}</h3>
            <dl>
              {rows.map(({ name, keys }) => (
                <div key={name}><dt>{name}</dt><dd>{shown(keys).map((key, at) => <Fragment key={key}>{at > 0 && ' '}{key === '…' ? key : <Kbd>{formatShortcut(key)}</Kbd>}</Fragment>)}</dd></div>
              ))}
            </dl>
          </section>
        ))}
      </div></div>
      <div className="sheet-foot"><Button variant="default" onClick={() => openSettings('keys')}>{t('keys.edit')}</Button></div>
    </div>
  )
}
