/** Display pyramids of pictures: made by the engine once, kept in the project's cache, read tile by tile. */
import fs from 'node:fs'
import { TileFile } from '../../engine/document/tileFile.ts'
import type { ProjectCache } from '../../history/caches.ts'
import type { BlobHash } from '../../history/ids.ts'
import type { OpenProject } from '../openProjects.ts'
import type { EngineLane } from '../engineLanes.ts'
import type { Scratch } from '../scratch.ts'

/** Goes up when the engine cuts pictures up in another way. */
const PYRAMID_VERSION = 1

/** The cache's key of a pyramid. */
export function pyramidKey(hash: BlobHash, kind: PyramidKind): string {
  return `tiles ${PYRAMID_VERSION} ${kind} ${hash}`
}

/** What a pyramid is for: colours in sRGB, or a mask's grey values. */
export type PyramidKind = 'picture' | 'mask'

/** The pyramids of one project. */
export class Pyramids {
  readonly #project: OpenProject
  readonly #lane: EngineLane
  readonly #scratch: Scratch
  readonly #open = new Map<string, Promise<TileFile>>()

  constructor(project: OpenProject, lane: EngineLane, scratch: Scratch) {
    this.#project = project
    this.#lane = lane
    this.#scratch = scratch
  }

  /** The pyramid of a picture among the project's blobs. @throws EngineError as the engine's `tiles` */
  get(hash: BlobHash, kind: PyramidKind): Promise<TileFile> {
    const key = pyramidKey(hash, kind)
    const known = this.#open.get(key)
    if (known) return known
    const made = this.#make(key, hash, kind)
    this.#open.set(key, made)
    made.catch(() => this.#open.delete(key)) // the next reader tries again
    return made
  }

  /** Closes every file. */
  close(): void {
    for (const pyramid of this.#open.values()) pyramid.then((file) => file.close(), () => undefined)
    this.#open.clear()
  }

  async #make(key: string, hash: BlobHash, kind: PyramidKind): Promise<TileFile> {
    const cache = this.#project.writable?.cache
    const cached = cache?.get(key)
    if (cached) return TileFile.open(cached.path)
    const out = this.#scratch.path('pyramid.tiles')
    await this.#lane.run({ task: 'tiles', image: this.#project.reader.blobs.path(hash), kind, out })
    // a project that is only looked at keeps nothing: the file goes with the scratch folder
    return TileFile.open(cache ? keep(cache, key, out) : out)
  }
}

/** Where the file lies now: in the cache, or where it was when it is too large for the cache or the disk is full. */
function keep(cache: ProjectCache, key: string, file: string): string {
  try {
    return cache.putFile(key, 'tiles', file, {}, Date.now()) ? (cache.get(key)?.path ?? file) : file
  } catch (error) {
    if (!fs.existsSync(file)) throw error
    return file // a picture that can be shown is shown
  }
}
