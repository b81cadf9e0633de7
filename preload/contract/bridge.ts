/**
 * What a window finds as `window.palimpsest`: put there by Electron's preload, or by the browser client when the page is
 * served. The renderer sees no other door to the program.
 */
import type { FileInfo, FileKind, TargetInfo } from './files.ts'
import type { MenuState } from './menu.ts'

/** The door. `call` answers with a Result as data (nothing is thrown across it). */
export interface Bridge {
  readonly shell: 'electron' | 'browser'
  call(method: string, input: unknown): Promise<unknown>
  /** Listens to every event; returns how to stop. */
  onEvent(listener: (event: string, data: unknown) => void): () => void
  /** Whether the host can be reached; told again on every change. */
  onConnection(listener: (connected: boolean) => void): () => void
  /** Asks the person for files; empty when they decline. */
  pickFiles(options: { readonly kind: FileKind; readonly multiple: boolean }): Promise<readonly FileInfo[]>
  /** Asks the person where to write; null when they decline. */
  pickTarget(options: { readonly name: string; readonly kind: FileKind }): Promise<TargetInfo | null>
  /** Files that were dropped on the window or pasted. */
  takeFiles(files: readonly File[]): Promise<readonly FileInfo[]>
  /** Tells that a target has been written: the browser saves the download, Electron does nothing. */
  targetWritten(target: TargetInfo): Promise<void>
  /** Commands chosen in the application menu; never fires in the browser. */
  onCommand(listener: (command: string) => void): () => void
  /** The state that the application menu shows; does nothing in the browser. */
  setMenu(state: MenuState): void
  /** Drags a file out of the window (Electron); false where that cannot be done. */
  startDrag(target: TargetInfo): boolean
}

/** What the Electron preload or the browser client gives File objects the type of; only names what is used. */
export interface File {
  readonly name: string
  readonly size: number
  arrayBuffer(): Promise<ArrayBuffer>
}
