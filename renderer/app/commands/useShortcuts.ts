/** Listens to the keyboard for the whole window. */
import { useEffect } from 'react'
import { canvasPort } from '../../stores/canvasPort.ts'
import { layoutStore } from '../../stores/layoutStore.ts'
import { type ToolId, toolStore } from '../../stores/toolStore.ts'
import { shortcutOf } from './keys.ts'
import type { Command, CommandMoment } from './command.ts'
import { commandForKey, runCommand } from './registry.ts'

/** Keys that a focused control needs for itself. */
const TYPED = /^(?:Shift\+)?(?:[A-Z0-9?]|Space|Enter|Esc|Tab|Backspace|Del|Left|Right|Up|Down|Plus|Minus|Equal|Comma|Period|Slash|Semicolon|Quote|Backquote|Backslash|BracketLeft|BracketRight)$|^Mod\+(?:Shift\+)?(?:[ACVXZY]|Left|Right|Up|Down|Backspace|Del)$|^(?:Alt|Mod)\+(?:Up|Down)$/
const PRESSED = /^(?:Shift\+)?(?:Enter|Space|Tab|Left|Right|Up|Down)$/

type HeldTool = { readonly code: string; readonly before: ToolId; readonly since: number; readonly used: boolean }
/** a shorter press chooses the tool for good */
const HOLD_MS = 250

/** Whether the focus is in something that takes text: then only the window's own commands count. */
function takesText(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement || (target instanceof HTMLInputElement && !['checkbox', 'radio', 'button', 'range', 'color'].includes(target.type)))
}

/** Whether a control has the focus that does something itself on Enter, Space and arrows. */
function takesKeys(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && target.closest('button, a, [role="slider"], [role="menuitem"], [role="option"], [role="listbox"], [role="tab"], [role="separator"], [role="tree"], [role="treeitem"], input') !== null
}

function moments(event: KeyboardEvent, shortcut: string): ((moment: CommandMoment) => boolean) | null {
  if (document.querySelector('[role="dialog"][aria-modal="true"], [role="menu"]')) return null
  if (takesText(event.target)) return TYPED.test(shortcut) ? null : () => true
  if (takesKeys(event.target) && PRESSED.test(shortcut)) return null
  return layoutStore.getState().screen === null ? () => true : (moment) => moment === 'window'
}

/** Binds the registry's shortcuts. A command with `release` acts while its key is down and never repeats. */
export function useShortcuts(): void {
  useEffect(() => {
    let held: { readonly code: string; readonly command: Command } | null = null
    let tool: HeldTool | null = null
    const release = (): void => {
      held?.command.release?.()
      held = null
      tool = null
    }
    const pressed = (): void => {
      if (tool) tool = { ...tool, used: true }
    }
    const down = (event: KeyboardEvent): void => {
      if (event.defaultPrevented || event.isComposing) return
      const shortcut = shortcutOf(event)
      if (held?.code === event.code || tool?.code === event.code) return event.preventDefault()
      const counts = shortcut === null ? null : moments(event, shortcut)
      if (counts?.('editor') && canvasPort()?.key(event)) return event.preventDefault()
      const command = shortcut !== null && counts ? commandForKey(shortcut, counts) : undefined
      if (!command) return
      event.preventDefault()
      if (command.release) {
        release()
        held = { code: event.code, command }
      }
      if (command.id.startsWith('tool.')) tool = { code: event.code, before: toolStore.getState().tool, since: event.timeStamp, used: false }
      void runCommand(command.id)
    }
    const up = (event: KeyboardEvent): void => {
      if (tool?.code === event.code) {
        // a tool that was used while its key was held goes back into the box
        if (tool.used && event.timeStamp - tool.since > HOLD_MS) toolStore.setState({ tool: tool.before, held: null })
        tool = null
      }
      if (held?.code === event.code) release()
    }
    window.addEventListener('keydown', down)
    window.addEventListener('keyup', up)
    window.addEventListener('blur', release)
    window.addEventListener('pointerdown', pressed, true)
    return () => {
      release()
      window.removeEventListener('keydown', down)
      window.removeEventListener('keyup', up)
      window.removeEventListener('blur', release)
      window.removeEventListener('pointerdown', pressed, true)
    }
  }, [])
}
