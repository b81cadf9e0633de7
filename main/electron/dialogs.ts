/** The system's dialogs: a person chooses a path, the host mints an id for it, the window gets the id. */
import path from 'node:path'
import type { BrowserWindow, Dialog, FileFilter, OpenDialogOptions } from 'electron'
import { z } from 'zod'
import { type FileInfo, type FileKind, type TargetInfo, fileKind } from '../../preload/contract/files.ts'
import type { HostProcess } from './hostProcess.ts'
import type { ShellState } from './windowState.ts'

/** What dialogs need around them. */
export interface DialogSurroundings {
  readonly dialog: Pick<Dialog, 'showOpenDialog' | 'showSaveDialog' | 'showMessageBox'>
  readonly host: Pick<HostProcess, 'ask'>
  /** the folder each kind was last in; Electron itself remembers nothing */
  readonly folders: ShellState['folders']
  /** told of a path a person chose, for the system's list of recent documents */
  readonly onChosen: (file: string, kind: FileKind) => void
}

const pickFilesOptions = z.object({ kind: fileKind, multiple: z.boolean() })
const pickTargetOptions = z.object({ name: z.string().min(1).max(255), kind: fileKind })

const PICTURES = ['png', 'jpg', 'jpeg', 'webp', 'tif', 'tiff', 'avif']
const FILTERS: Readonly<Record<FileKind, readonly FileFilter[]>> = {
  picture: [{ name: 'Pictures', extensions: PICTURES }],
  mask: [{ name: 'Masks', extensions: PICTURES }],
  project: [{ name: 'Palimpsest projects', extensions: ['palimpsest'] }],
  model: [{ name: 'Models', extensions: ['safetensors'] }],
  recipe: [{ name: 'Recipes', extensions: ['json'] }],
  csv: [{ name: 'Tables', extensions: ['csv'] }],
  folder: [],
  any: [{ name: 'All files', extensions: ['*'] }],
}

/** Asks for files or folders. @throws ZodError when the window's options are none of the contract */
export async function pickFiles(window: BrowserWindow, raw: unknown, around: DialogSurroundings): Promise<readonly FileInfo[]> {
  const { kind, multiple } = pickFilesOptions.parse(raw)
  const folder = around.folders[kind]
  const properties: OpenDialogOptions['properties'] = [kind === 'folder' ? 'openDirectory' : 'openFile', ...(multiple ? ['multiSelections' as const] : []), 'createDirectory']
  const { canceled, filePaths } = await around.dialog.showOpenDialog(window, { properties, filters: [...FILTERS[kind]], ...(folder === undefined ? {} : { defaultPath: folder }) })
  if (canceled || filePaths.length === 0) return []
  around.folders[kind] = path.dirname(filePaths[0]!)
  for (const file of filePaths) around.onChosen(file, kind)
  return registerFiles(window, filePaths, around)
}

/** Asks where to write; the system itself asks before an old file is replaced. @throws ZodError as {@link pickFiles} */
export async function pickTarget(window: BrowserWindow, raw: unknown, around: DialogSurroundings): Promise<TargetInfo | null> {
  const { kind, name } = pickTargetOptions.parse(raw)
  const folder = around.folders[kind]
  const suggested = path.basename(name) // a window names files, not folders
  const { canceled, filePath } = await around.dialog.showSaveDialog(window, { filters: [...FILTERS[kind]], defaultPath: folder === undefined ? suggested : path.join(folder, suggested), properties: ['createDirectory', 'showOverwriteConfirmation'] })
  if (canceled || !filePath) return null
  around.folders[kind] = path.dirname(filePath)
  const result = await around.host.ask('registerTarget', { path: filePath })
  if (result.ok) return result.value
  await tell(window, result.error.message, around)
  return null
}

/** Ids for paths; each that cannot be taken is told in one dialog, the others are taken all the same. */
export async function registerFiles(window: BrowserWindow | undefined, paths: readonly string[], around: Pick<DialogSurroundings, 'dialog' | 'host'>): Promise<readonly FileInfo[]> {
  const results = await Promise.all(paths.map((file) => around.host.ask('registerFile', { path: file })))
  const refused = results.flatMap((result) => (result.ok ? [] : [result.error.message]))
  if (refused.length > 0) await tell(window, refused.join('\n'), around)
  return results.flatMap((result) => (result.ok ? [result.value] : []))
}

async function tell(window: BrowserWindow | undefined, message: string, { dialog }: Pick<DialogSurroundings, 'dialog'>): Promise<void> {
  const options = { type: 'warning' as const, message, buttons: ['OK'], noLink: true }
  await (window ? dialog.showMessageBox(window, options) : dialog.showMessageBox(options))
}
