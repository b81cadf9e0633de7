/**
 * Messages between Electron's main process and the host it spawned: the contract's own, and beside them what only the
 * shell may ask. Paths pass here, from the system's dialogs to the host, which answers with ids; a window never gets to
 * this channel, since the shell alone writes messages of type `shell`.
 */
import { z } from 'zod'
import { fileInfo, targetInfo } from '../../preload/contract/files.ts'
import { targetId } from '../../preload/contract/ids.ts'
import type { FromHost, ToHost } from '../../preload/contract/wire.ts'

/** What only the shell may ask. */
export const shellMethods = {
  /** a file or folder a person chose in a dialog, dropped, or opened through the system */
  registerFile: { input: z.object({ path: z.string().min(1) }), output: fileInfo },
  /** a place a person chose to write to */
  registerTarget: { input: z.object({ path: z.string().min(1) }), output: targetInfo },
  /** where a target lies, to drag it out */
  targetPath: { input: z.object({ target: targetId }), output: z.object({ path: z.string() }) },
  /** whether the host still answers */
  ping: { input: z.object({}), output: z.object({}) },
  /** saves, ends the engine and itself */
  shutdown: { input: z.object({}), output: z.object({}) },
} as const

/** Name of a method of the shell. */
export type ShellMethod = keyof typeof shellMethods
/** What a method of the shell is asked with. */
export type ShellInput<M extends ShellMethod> = z.output<(typeof shellMethods)[M]['input']>
/** What a method of the shell answers. */
export type ShellOutput<M extends ShellMethod> = z.output<(typeof shellMethods)[M]['output']>

/** Shell to host. */
export type ToShellHost = ToHost | { readonly type: 'shell'; readonly id: number; readonly method: ShellMethod; readonly input: unknown }
/** Host to shell. `shellAnswer.result` and `answer.result` are Results. */
export type FromShellHost = FromHost | { readonly type: 'shellAnswer'; readonly id: number; readonly result: unknown }
