/** The narrow bar of tools on the left. */
import { Fragment } from 'react'
import { t } from '../../strings/t.ts'
import { TOOL_GROUPS } from '../commands/toolCommands.ts'
import { CommandIcon } from './CommandButton.tsx'
import { useStore } from '../../stores/useStore.ts'
import { setToolOptions, toolStore } from '../../stores/toolStore.ts'

/** See the file's head. */
export function ToolBar() {
  return (
    <div className="toolbar" role="toolbar" aria-orientation="vertical" aria-label={t('shell.tools')} onKeyDown={walk}>
      {TOOL_GROUPS.map((group, index) => (
        <Fragment key={index}>
          {index > 0 && <span className="toolbar-line" />}
          {group.map(({ tool }) => <CommandIcon key={tool} id={`tool.${tool}`} position="right" size={1.1875} className="toolbar-tool" />)}
        </Fragment>
      ))}
      <Colour />
    </div>
  )
}

/** Arrow keys walk through the bar, as in any tool bar. */
function walk(event: React.KeyboardEvent<HTMLDivElement>): void {
  const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0
  if (by === 0) return
  const buttons = [...event.currentTarget.querySelectorAll<HTMLElement>('button')]
  buttons[(buttons.indexOf(document.activeElement as HTMLElement) + by + buttons.length) % buttons.length]?.focus() // the focus is on one of them
  event.preventDefault()
}

function Colour() {
  const colour = useStore(toolStore, ({ options }) => options.colour)
  return (
    <label className="toolbar-colour" style={{ background: colour }}>
      <input type="color" value={colour} aria-label={t('options.colour')} onChange={(event) => setToolOptions({ colour: event.currentTarget.value })} />
    </label>
  )
}
