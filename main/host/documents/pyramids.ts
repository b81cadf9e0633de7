/** Display pyramids of pictures: made by the engine once, kept in the project's cache, read tile by tile. */
import { TileFile } from '../../engine/document/tileFile.ts'
import type { BlobHash } from '../../history/ids.ts'
import type { OpenProject } from '../openProjects.ts'
import type { EngineLane } from '../engineLanes.ts'
import type { Scratch } from '../scratch.ts'

/** Goes up when the engine cuts pictures up in another way. */
const PYRAMID_VERSION = 1

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
    const key = `tiles ${PYRAMID_VERSION} ${kind} ${hash}`
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
    const kept = cache?.putFile(key, 'tiles', out, {}, Date.now()) ? cache.get(key) : undefined
    return TileFile.open(kept?.path ?? out)
  }
}
