/** Makes sure that results can be written before minutes are spent on making them. */
import { closeSync, openSync, rmSync, statSync } from 'node:fs'
import path from 'node:path'
import { badInput } from '../engine/errors.ts'
import type { EngineError } from '../engine/errors.ts'

/** File endings that a result may have, with what they are, for the sentence. */
export const PICTURE_ENDINGS = ['.png', '.jpg', '.jpeg', '.webp', '.tif', '.tiff'] as const
/** The only ending for tensors. */
export const TENSOR_ENDINGS = ['.safetensors'] as const

/** A result file and what it may be called. */
export interface PlannedOutput {
  /** the option, for the sentence */
  readonly option: string
  /** absolute */
  readonly file: string
  /** endings it may have, or `folder` when the result is a folder, which is made when it does not exist */
  readonly endings: readonly string[] | 'folder'
}

/**
 * Checks endings, folders and the right to write, by creating and removing an empty file next to each result.
 * @throws EngineError output/ending, output/folder, output/not-writable or output/twice (exit 2).
 */
export function checkOutputs(outputs: readonly PlannedOutput[], readFiles: readonly PlannedOutput[] = []): void {
  const seen = new Map<string, string>()
  for (const { option, file } of readFiles) seen.set(file, option)
  for (const output of outputs) {
    if (output.endings !== 'folder') checkEnding(output, output.endings)
    const other = seen.get(output.file)
    if (other !== undefined) {
      throw badInput('output/twice', { thing: `${output.option} ${output.file}`, expected: 'a file of its own', found: `the same file as ${other}` })
    }
    seen.set(output.file, output.option)
    checkWritable(output)
  }
}

function checkEnding({ option, file }: PlannedOutput, endings: readonly string[]): void {
  const ending = path.extname(file).toLowerCase()
  if (endings.includes(ending)) return
  const found = ending === '' ? 'no ending' : `"${ending}"`
  throw badInput('output/ending', { thing: `${option} ${file}`, expected: `a name ending in ${endings.join(', ')}`, found })
}

function checkWritable({ option, file, endings }: PlannedOutput): void {
  const thing = `${option} ${file}`
  const existing = statSync(file, { throwIfNoEntry: false })
  const folder = endings === 'folder' && existing?.isDirectory() ? file : path.dirname(file)
  const folderStat = statSync(folder, { throwIfNoEntry: false })
  if (!folderStat) throw badInput('output/folder', { thing, expected: 'a file in a folder that exists', found: 'no such folder', todo: `create ${folder} first` })
  if (!folderStat.isDirectory()) throw badInput('output/folder', { thing, expected: 'a file in a folder', found: `a file at ${folder}` })
  if (endings === 'folder' && existing && !existing.isDirectory()) throw badInput('output/folder', { thing, expected: 'a folder', found: 'a file of that name' })
  if (endings !== 'folder' && existing?.isDirectory()) throw badInput('output/folder', { thing, expected: 'a file name', found: 'a folder of that name' })
  const probe = path.join(folder, `.palimpsest-${process.pid}-${Date.now()}.tmp`)
  try {
    closeSync(openSync(probe, 'wx'))
  } catch (error) {
    throw notWritable(thing, folder, error)
  }
  rmSync(probe, { force: true })
}

function notWritable(thing: string, folder: string, error: unknown): EngineError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const reasons: Readonly<Record<string, string>> = {
    EACCES: 'no permission to write there', EPERM: 'no permission to write there', EROFS: 'a read-only disk', ENOSPC: 'a full disk', EDQUOT: 'a used-up quota', ENOENT: 'a folder in which no file can be made',
  }
  return badInput('output/not-writable', { thing, expected: `the right to write into ${folder}`, found: reasons[code] ?? code, cause: error })
}
