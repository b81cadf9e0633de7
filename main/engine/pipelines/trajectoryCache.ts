/**
 * Inversions on disk: a second edit of the same picture starts at once. A file per inversion, named by the hash of
 * everything it depends on, written whole or not at all, least recently used deleted first.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../errors.ts'
import type { Latents } from '../tensor/tensor.ts'
import { concatRows, row } from '../tensor/tensor.ts'
import { readSafetensorsHeader, readTensor } from '../weights/safetensors.ts'
import { writeSafetensors } from '../weights/safetensorsWriter.ts'
import { hashParts } from '../weights/weightIndex.ts'

/** Raised whenever the same inputs would give other latents. */
const TRAJECTORY_VERSION = 1
/** Most bytes of inversions kept; one of SD1.5 at 512 px and 50 steps is 3.3 MB. */
export const TRAJECTORY_CACHE_BYTES = 512 * 2 ** 20

/** What an inversion depends on. */
export interface TrajectoryIdentity {
  /** hash of the pixels as the model saw them */
  readonly picture: string
  readonly modelHash: string
  /** the noise schedule and spacing, as a hash */
  readonly scheduler: string
  readonly prompt: string
  /** the method with every number it takes */
  readonly method: string
  readonly steps: number
}

/** An inverted picture. */
export interface Trajectory {
  /** the clean latents (index 0) to the noisiest */
  readonly latents: readonly Latents[]
  /** ef-ddpm: noise per step of sampling, noisiest first */
  readonly noises?: readonly Latents[]
  /** edict: the second of the coupled latents at the noisiest level */
  readonly partner?: Latents
  /** PSNR in dB of the picture as it comes back from the noise alone, where it was measured */
  readonly fidelity?: number
}

/** Hash of a tensor's bytes and shape. */
export function hashTensor({ data, dims }: { readonly data: Float32Array; readonly dims: readonly number[] }): string {
  return createHash('sha256').update(dims.join()).update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength)).digest('hex')
}

/** The name of an inversion. */
export function trajectoryKey(identity: TrajectoryIdentity): string {
  const { picture, modelHash, scheduler, prompt, method, steps } = identity
  return hashParts([`trajectory v${TRAJECTORY_VERSION}`, picture, modelHash, scheduler, prompt, method, String(steps)]).slice(0, 40)
}

/** Writes an inversion with what it depends on. @throws EngineError output/not-writable (exit 2) */
export function writeTrajectory(file: string, trajectory: Trajectory, identity: TrajectoryIdentity): void {
  const { latents, noises, partner, fidelity } = trajectory
  writeSafetensors(
    file,
    { latents: concatRows(latents), ...(noises ? { noises: concatRows(noises) } : {}), ...(partner ? { partner } : {}) },
    { ...identity, steps: String(identity.steps), key: trajectoryKey(identity), ...(fidelity === undefined ? {} : { fidelity: String(fidelity) }), format: 'palimpsest trajectory' },
  )
}

/**
 * Reads an inversion that a person named.
 * @throws EngineError input/trajectory (exit 2) when it was made with another model, picture, prompt, method or number of steps
 */
export function readTrajectory(file: string, wanted: TrajectoryIdentity): Trajectory {
  const { tensors, metadata } = readSafetensorsHeader(file)
  const refuse = (expected: string, found: string, todo: string): Error => badInput('input/trajectory', { thing: file, expected, found, todo })
  if (metadata['format'] !== 'palimpsest trajectory' || !tensors.has('latents')) throw refuse('an inversion written by "invert --trajectory"', 'a safetensors file of another kind', 'make one with "palimpsest invert"')
  const checks: [key: keyof TrajectoryIdentity, what: string][] = [
    ['modelHash', 'model'], ['picture', 'picture (or another size of it)'], ['prompt', 'description'], ['method', 'way of inversion'], ['steps', 'number of steps'], ['scheduler', 'noise schedule'],
  ]
  for (const [key, what] of checks) {
    if (metadata[key] === String(wanted[key])) continue
    const shown = key === 'prompt' || key === 'steps' || key === 'method' ? ` (${JSON.stringify(metadata[key] ?? '')} instead of ${JSON.stringify(String(wanted[key]))})` : ''
    throw refuse(`an inversion of this picture by this model`, `one made with another ${what}${shown}`, 'leave out --trajectory, or make it anew with "palimpsest invert"')
  }
  return load(file)
}

/** The inversions kept on disk. */
export class TrajectoryCache {
  readonly #dir: string
  readonly #maxBytes: number

  /** @param cacheDir the engine's cache folder; may be deleted at any time */
  constructor(cacheDir: string, maxBytes = TRAJECTORY_CACHE_BYTES) {
    this.#dir = path.join(cacheDir, 'trajectories')
    this.#maxBytes = maxBytes
  }

  /** The inversion, or null when it is not kept (or what is there cannot be read). */
  read(identity: TrajectoryIdentity): Trajectory | null {
    const file = this.#file(identity)
    if (!fs.existsSync(file)) return null
    try {
      const trajectory = load(file)
      const now = new Date()
      fs.utimesSync(file, now, now)
      return trajectory
    } catch {
      fs.rmSync(file, { force: true }) // damaged: made anew
      return null
    }
  }

  /** Keeps an inversion; a cache that cannot be written costs time on the next edit, nothing else. */
  write(identity: TrajectoryIdentity, trajectory: Trajectory): void {
    try {
      fs.mkdirSync(this.#dir, { recursive: true })
      const file = this.#file(identity)
      writeTrajectory(file, trajectory, identity)
      this.#evict(file)
    } catch {
      return
    }
  }

  #file(identity: TrajectoryIdentity): string {
    return path.join(this.#dir, `${trajectoryKey(identity)}.safetensors`)
  }

  #evict(newest: string): void {
    const files = fs
      .readdirSync(this.#dir)
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => path.join(this.#dir, name))
      .map((file) => ({ file, stat: fs.statSync(file, { throwIfNoEntry: false }) }))
      .flatMap(({ file, stat }) => (stat ? [{ file, bytes: stat.size, usedAt: stat.mtimeMs }] : []))
      .sort((a, b) => a.usedAt - b.usedAt)
    let total = files.reduce((sum, { bytes }) => sum + bytes, 0)
    for (const { file, bytes } of files) {
      if (total <= this.#maxBytes) return
      if (file === newest) continue
      fs.rmSync(file, { force: true })
      total -= bytes
    }
  }
}

function load(file: string): Trajectory {
  const { tensors, metadata } = readSafetensorsHeader(file)
  const fidelity = Number(metadata['fidelity'] ?? NaN)
  const rows = (name: string): Latents[] => {
    const all = readTensor(tensors.get(name)!) as Latents
    return Array.from({ length: all.dims[0]! }, (_, index) => row(all, index))
  }
  return {
    latents: rows('latents'),
    ...(tensors.has('noises') ? { noises: rows('noises') } : {}),
    ...(tensors.has('partner') ? { partner: readTensor(tensors.get('partner')!) as Latents } : {}),
    ...(Number.isNaN(fidelity) ? {} : { fidelity }),
  }
}
