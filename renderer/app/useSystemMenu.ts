/** Keeps the system's menu bar (Electron) and the window's title as the commands are. */
import { useEffect } from 'react'
import { bridge } from '../api/client.ts'
import { subscribeToCommands } from './commands/useCommand.ts'
import { menuState } from './menus.ts'

const SETTLED_MS = 150

/** Tells the bridge the menu whenever it is another one. */
export function useSystemMenu(): void {
  useEffect(() => {
    if (!Object.hasOwn(window, 'palimpsest')) return
    let last = ''
    let timer: ReturnType<typeof setTimeout> | undefined
    const tell = (): void => {
      const state = menuState()
      const text = JSON.stringify(state)
      document.title = state.title ?? ''
      if (text !== last) bridge().setMenu(state)
      last = text
    }
    const soon = (): void => {
      clearTimeout(timer)
      timer = setTimeout(tell, SETTLED_MS)
    }
    tell()
    const stop = subscribeToCommands(soon)
    return () => {
      clearTimeout(timer)
      stop()
    }
  }, [])
}
