/** The editor's window: sandboxed, with nothing of Node or Electron in its page. */
import type { BrowserWindowConstructorOptions } from 'electron'
import type { Bounds } from './windowState.ts'

/** Options of the window. Every point of the security checklist is set, defaults too, so that none can change unseen. */
export function windowOptions(preload: string, bounds: Partial<Bounds>, icon: string | undefined): BrowserWindowConstructorOptions {
  return {
    ...bounds,
    minWidth: 900,
    minHeight: 600,
    show: false, // shown once it has something to show
    title: 'Palimpsest',
    backgroundColor: '#1b1c1f',
    ...(icon === undefined ? {} : { icon }),
    webPreferences: {
      preload,
      contextIsolation: true,
      sandbox: true,
      nodeIntegration: false,
      nodeIntegrationInWorker: false,
      nodeIntegrationInSubFrames: false,
      webSecurity: true,
      allowRunningInsecureContent: false,
      experimentalFeatures: false,
      webviewTag: false,
      navigateOnDragDrop: false,
      safeDialogs: true,
      spellcheck: false, // its dictionaries would be downloaded
      v8CacheOptions: 'code',
    },
  }
}
