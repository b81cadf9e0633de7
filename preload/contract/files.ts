/** Files: chosen by a person, named by ids. Electron mints them in dialogs and drops, the browser by upload. */
import { z } from 'zod'
import { bytes, fileId, mediaKey, projectId, targetId } from './ids.ts'

/** A file or folder the host may read. */
export const fileInfo = z.object({ file: fileId, name: z.string(), bytes: z.number(), folder: z.boolean().default(false) })
/** See {@link fileInfo}. */
export type FileInfo = z.output<typeof fileInfo>

/** A place the host may write to; `download` means that the renderer fetches it afterwards with `files.fetch`. */
export const targetInfo = z.object({ target: targetId, name: z.string(), download: z.boolean() })
/** See {@link targetInfo}. */
export type TargetInfo = z.output<typeof targetInfo>

/** What kinds of file a dialog offers. */
export const fileKind = z.enum(['picture', 'mask', 'project', 'model', 'recipe', 'csv', 'folder', 'any'])
/** See {@link fileKind}. */
export type FileKind = z.output<typeof fileKind>

/** See chunks.ts. */
export { CHUNK_BYTES } from './chunks.ts'

/** Methods about files. */
export const fileMethods = {
  'files.begin': { input: z.object({ name: z.string().min(1).max(255), bytes: z.number().int().min(0) }), output: fileInfo },
  'files.append': { input: z.object({ file: fileId, offset: z.number().int().min(0), bytes }), output: z.object({ received: z.number() }) },
  'files.end': { input: z.object({ file: fileId }), output: fileInfo },
  /** a download: a temporary place of the host's that `files.fetch` reads */
  'files.download': { input: z.object({ name: z.string().min(1).max(255) }), output: targetInfo },
  'files.fetch': { input: z.object({ target: targetId, offset: z.number().int().min(0) }), output: z.object({ bytes, size: z.number() }) },
  /** the folders that stand in for folder dialogs in the browser: those below the root given at start */
  'files.folders': { input: z.object({}), output: z.object({ folders: z.array(fileInfo) }) },
  'files.inspect': {
    input: z.object({ file: fileId }),
    output: z.object({
      format: z.string(), width: z.number(), height: z.number(), depth: z.number(), channels: z.number(), alpha: z.boolean(),
      profile: z.string().nullable(), bytes: z.number(), recipe: z.record(z.string(), z.unknown()).nullable(), thumbnail: mediaKey.nullable(),
    }),
  },
  'media.read': { input: z.object({ key: mediaKey, project: projectId.optional() }), output: z.object({ bytes, media: z.string() }) },
} as const

/** Events about files. */
export const fileEvents = {
  /** files the system asked to open: a double click, a drop on the icon, a second start of the program */
  'files.opened': z.object({ files: z.array(fileInfo) }),
} as const
