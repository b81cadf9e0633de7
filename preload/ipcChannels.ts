/** Names of the messages between Electron's preload and its main process. */

/** From the preload, answered. */
export const ASK = { call: 'palimpsest:call', pickFiles: 'palimpsest:pick-files', pickTarget: 'palimpsest:pick-target', takePaths: 'palimpsest:take-paths' } as const
/** From the preload, not answered. */
export const SEND = { setMenu: 'palimpsest:set-menu', startDrag: 'palimpsest:start-drag' } as const
/** From the main process. */
export const TELL = { event: 'palimpsest:event', connection: 'palimpsest:connection', command: 'palimpsest:command' } as const
