/** Entry of Electron's main process. Everything with a decision in it lies in the modules beside it. */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { BrowserWindow, Menu, app, crashReporter, dialog, ipcMain, nativeImage, powerSaveBlocker, protocol, screen, session, shell } from 'electron'
import { Shell } from './shell.ts'
import { shellPaths } from './shellPaths.ts'

const { platform, arch, argv, env } = process
const paths = shellPaths({ packaged: app.isPackaged, resources: process.resourcesPath, bundle: path.dirname(fileURLToPath(import.meta.url)), platform, arch })

const desktop = new Shell({
  electron: { BrowserWindow, Menu, app, crashReporter, dialog, ipcMain, nativeImage, powerSaveBlocker, protocol, screen, session, shell },
  paths, env, platform, args: argv, folder: process.cwd(),
})
for (const event of ['uncaughtException', 'unhandledRejection'] as const) process.on(event, (thrown) => desktop.fault(thrown))
desktop.start()
