/** `models verify`: everything that can be known about a checkpoint's health without running it. */
import fs from 'node:fs'
import path from 'node:path'
import { CancelledError, EngineError, badInput } from '../errors.ts'
import { requireFinite, shapesAsFloat32 } from '../weights/conversion.ts'
import { statOrRefuse } from '../weights/fileFormat.ts'
import { sha256OfFile } from '../weights/fileIdentity.ts'
import type { Checkpoint } from './checkpoint.ts'
import { partsMisfit } from './shapeChecks.ts'

/** How far a verification is. */
export interface VerifyProgress {
  readonly phase: 'checksums' | 'numbers' | 'nets'
  /** Bytes read of all bytes; 0 of 0 in the phase `nets`. */
  readonly done: number
  readonly total: number
}

/** Options of {@link verifyCheckpoint}. */
export interface VerifyOptions {
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: VerifyProgress) => void
  /**
   * Builds every net's graph, which compares each tensor's shape with the configuration; given by the engine. The
   * weights it is handed say float32 whatever they are stored as, and must not be read.
   */
  readonly buildNets?: (checkpoint: Checkpoint) => void | Promise<void>
}

/** The report of a healthy checkpoint. */
export interface VerifyReport {
  readonly id: string
  readonly path: string
  /** Files whose sha256 was compared with the card. */
  readonly checksums: number
  readonly tensors: number
  readonly bytes: number
  /** What was looked at, in words. */
  readonly checks: readonly string[]
}

/**
 * Verifies an opened checkpoint: the card's checksums, no NaN or infinity in any part, parts that fit, and, with
 * `buildNets`, every tensor's presence and shape. All problems are collected before anything is thrown.
 * @throws EngineError model/damaged (exit 2), CancelledError
 */
export async function verifyCheckpoint(checkpoint: Checkpoint, options: VerifyOptions = {}): Promise<VerifyReport> {
  const problems: EngineError[] = []
  const attempt = async (work: () => void | Promise<void>): Promise<void> => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof EngineError) || error instanceof CancelledError) throw error
      problems.push(error)
    }
  }
  const checks: string[] = []
  const checksums = await verifyChecksums(checkpoint, options, attempt)
  checks.push(checksums > 0 ? `sha256 of ${checksums} files against the card` : 'no card with checksums')
  const components = Object.values(checkpoint.components)
  const total = components.reduce((sum, { weights }) => sum + [...weights.entries.values()].reduce((bytes, { length }) => bytes + length, 0), 0)
  let before = 0
  let tensors = 0
  for (const { weights } of components) {
    const entries = [...weights.entries.values()]
    const pass = { ...(options.signal ? { signal: options.signal } : {}), onBytes: (done: number) => options.onProgress?.({ phase: 'numbers', done: before + done, total }) }
    await attempt(() => requireFinite(entries, pass))
    before += entries.reduce((bytes, { length }) => bytes + length, 0)
    tensors += entries.length
  }
  checks.push(`no NaN or infinity in ${tensors} tensors`)
  const misfit = partsMisfit(checkpoint.components)
  if (misfit) problems.push(misfit)
  checks.push('parts fit each other')
  if (options.buildNets) {
    options.onProgress?.({ phase: 'nets', done: 0, total: 0 })
    await attempt(() => options.buildNets!(withShapesOnly(checkpoint)))
    checks.push('every tensor is there with the shape its configuration asks for')
  }
  if (problems.length > 0) throw damaged(checkpoint, problems)
  return { id: checkpoint.id, path: checkpoint.path, checksums, tensors, bytes: total, checks }
}

/** The checkpoint for graphs that are built and thrown away. */
export function withShapesOnly(checkpoint: Checkpoint): Checkpoint {
  const components = Object.entries(checkpoint.components).map(([name, component]) => [name, { ...component, weights: shapesAsFloat32(component.weights) }])
  return { ...checkpoint, components: Object.fromEntries(components) as Checkpoint['components'] }
}

function damaged(checkpoint: Checkpoint, problems: readonly EngineError[]): EngineError {
  const [first] = problems
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more problem${problems.length > 2 ? 's' : ''})`
  return new EngineError('model/damaged', first!.message.replace(/\.$/, `${more}.`), {
    exitCode: 2, details: { id: checkpoint.id, problems: problems.map(({ message }) => message) }, cause: first,
  })
}

type Attempt = (work: () => void | Promise<void>) => Promise<void>

/** Compares the files that the card lists; a missing or longer file is a problem of its own. */
async function verifyChecksums(checkpoint: Checkpoint, options: VerifyOptions, attempt: Attempt): Promise<number> {
  const files = checkpoint.card?.files ?? []
  const folder = fs.statSync(checkpoint.path).isDirectory() ? checkpoint.path : path.dirname(checkpoint.path)
  const total = files.reduce((sum, { bytes }) => sum + bytes, 0)
  let before = 0
  for (const listed of files) {
    await attempt(async () => {
      const file = path.resolve(folder, listed.path)
      const refuse = (found: string): EngineError => badInput('model/checksum', { thing: file, expected: `${listed.bytes} bytes with sha256 ${listed.sha256.slice(0, 12)}..., as the card says`, found, todo: 'fetch the file again' })
      if (!file.startsWith(path.dirname(folder) + path.sep)) throw badInput('model/outside', { thing: file, expected: `files below ${folder}`, found: listed.path })
      if (!fs.existsSync(file)) throw refuse('no such file')
      const stat = statOrRefuse(file, 'a file')
      if (!stat.isFile()) throw refuse('a folder or device')
      if (stat.size !== listed.bytes) throw refuse(`${stat.size} bytes`)
      const onBytes = (done: number): void => options.onProgress?.({ phase: 'checksums', done: before + done, total })
      const sha256 = await sha256OfFile(file, { ...(options.signal ? { signal: options.signal } : {}), onBytes })
      if (sha256 !== listed.sha256) throw refuse(`sha256 ${sha256.slice(0, 12)}...`)
    })
    before += listed.bytes
  }
  return files.length
}
