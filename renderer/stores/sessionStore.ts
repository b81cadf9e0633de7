/** What holds for the whole window: connection, settings, network, the engine's memory, notices. */
import { createStore } from 'zustand/vanilla'
import { type AppInfo, type NetworkStatus, type Notice, type Settings, settings as settingsSchema } from '../../preload/contract/app.ts'
import type { Json } from '../../preload/contract/ids.ts'
import { call } from '../api/client.ts'

/** See {@link sessionStore}. `memory` in bytes, null while no engine runs. */
export type SessionState = {
  readonly connected: boolean
  readonly ready: boolean
  readonly info: AppInfo | null
  readonly settings: Settings
  readonly network: NetworkStatus
  readonly memory: { readonly rssBytes: number; readonly peakRssBytes: number } | null
  readonly notices: readonly Notice[]
}

/** The session as the window knows it. */
export const sessionStore = createStore<SessionState>(() => ({
  connected: true,
  ready: false,
  info: null,
  settings: settingsSchema.parse({}),
  network: { locked: true, requests: 0, refused: 0, last: null },
  memory: null,
  notices: [],
}))

/** Asks the host who it is. @throws AppError when it does not answer */
export async function loadSession(): Promise<void> {
  const [info, settings, network] = await Promise.all([call('app.info', {}), call('settings.get', {}), call('network.status', {})])
  sessionStore.setState({ info, settings, network, ready: true })
  for (const [index, message] of info.notices.entries()) tellNotice({ id: `start-${index}`, level: 'info', message, sticky: true, over: false })
}

/** Changes settings at once in the window and then in the host, whose answer counts. @throws AppError */
export async function changeSettings(change: Partial<Settings>): Promise<void> {
  sessionStore.setState(({ settings }) => ({ settings: { ...settings, ...change } }))
  sessionStore.setState({ settings: await call('settings.set', { change: change as Record<string, Json> }) }) // settings are JSON by their schema
}

/** Shows, replaces or ends a notice. */
export function tellNotice(notice: Notice): void {
  sessionStore.setState(({ notices }) => {
    const others = notices.filter(({ id }) => id !== notice.id)
    return { notices: notice.over ? others : [...others, notice] }
  })
}

/** Takes a notice away. */
export function dismissNotice(id: string): void {
  sessionStore.setState(({ notices }) => ({ notices: notices.filter((notice) => notice.id !== id) }))
}

/** Asks how much memory the engine holds; quiet when the host is away. */
export async function refreshMemory(): Promise<void> {
  const memory = await call('engine.memory', {}).catch(() => null)
  sessionStore.setState({ memory: memory?.running ? memory : null })
}
