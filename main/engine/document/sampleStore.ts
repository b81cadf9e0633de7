/**
 * Integer samples of a layer with reading by boxes. Small layers stay in memory; once the budget of a document is spent,
 * the rest go to a temporary file in blocks, of which only a few are held at a time.
 */
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { failed } from '../errors.ts'
import { intersectBoxes, type Box } from '../image/geometry.ts'
import type { Samples } from '../image/picture.ts'

/** Edge of a block in pixels; the tiles that are composed have the same, so a layer that lies straight reads each once. */
const BLOCK = 256
/** Blocks of one layer held in memory: a column of tiles needs few, a turned layer some more. */
const HELD_BLOCKS = 12

/** Interleaved samples of a plane. */
export interface SamplePlane {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly samples: Samples
}

/** Bytes of samples that a document keeps in memory, and where the rest goes. */
export class SampleBudget {
  readonly folder: string
  #left: number

  constructor(folder: string, bytes: number) {
    this.folder = folder
    this.#left = bytes
  }

  /** Whether this many bytes may stay in memory; if so they are taken from the budget. */
  take(bytes: number): boolean {
    if (bytes > this.#left) return false
    this.#left -= bytes
    return true
  }
}

/** A run of samples of one block. */
interface Block {
  readonly samples: Samples
  /** box of the plane that it covers */
  readonly box: Box
}

/** Samples of a layer. */
export class SampleStore {
  readonly width: number
  readonly height: number
  readonly channels: number
  readonly depth: 8 | 16
  #memory: Samples | null
  #file: { readonly fd: number; readonly name: string } | null = null
  readonly #held = new Map<number, Block>()

  /**
   * Takes the samples over.
   * @throws EngineError document/spool when the temporary file cannot be written
   */
  constructor(plane: SamplePlane, budget: SampleBudget) {
    this.width = plane.width
    this.height = plane.height
    this.channels = plane.channels
    this.depth = plane.samples instanceof Uint16Array ? 16 : 8
    this.#memory = plane.samples
    if (!budget.take(plane.samples.byteLength)) this.#spool(plane.samples, budget.folder)
  }

  /** Whether the samples lie in a file. */
  get spooled(): boolean {
    return this.#file !== null
  }

  /** Hands each block that meets `box` to `use`; `use` must not write to it. */
  visit(box: Box, use: (block: Block) => void): void {
    const common = intersectBoxes(box, { x: 0, y: 0, width: this.width, height: this.height })
    if (common.width === 0 || common.height === 0) return
    if (this.#memory) return use({ samples: this.#memory, box: { x: 0, y: 0, width: this.width, height: this.height } })
    for (let row = Math.floor(common.y / BLOCK); row * BLOCK < common.y + common.height; row++) {
      for (let column = Math.floor(common.x / BLOCK); column * BLOCK < common.x + common.width; column++) use(this.#block(column, row))
    }
  }

  /** Closes and removes the temporary file. */
  close(): void {
    this.#memory = null
    this.#held.clear()
    if (!this.#file) return
    fs.closeSync(this.#file.fd)
    fs.rmSync(this.#file.name, { force: true })
    this.#file = null
  }

  #blockBox(column: number, row: number): Box {
    return { x: column * BLOCK, y: row * BLOCK, width: Math.min(BLOCK, this.width - column * BLOCK), height: Math.min(BLOCK, this.height - row * BLOCK) }
  }

  #block(column: number, row: number): Block {
    const index = row * Math.ceil(this.width / BLOCK) + column
    const held = this.#held.get(index)
    if (held) {
      this.#held.delete(index)
      this.#held.set(index, held)
      return held
    }
    const box = this.#blockBox(column, row)
    const count = box.width * box.height * this.channels
    const samples = this.depth === 8 ? new Uint8Array(count) : new Uint16Array(count)
    const bytes = new Uint8Array(samples.buffer)
    const at = index * BLOCK * BLOCK * this.channels * samples.BYTES_PER_ELEMENT
    for (let done = 0; done < bytes.length; ) {
      const got = fs.readSync(this.#file!.fd, bytes, done, bytes.length - done, at + done)
      if (got === 0) throw failed('document/spool', 'A temporary file with the pixels of a layer ends too early; run it again.')
      done += got
    }
    const block = { samples, box }
    this.#held.set(index, block)
    if (this.#held.size > HELD_BLOCKS) this.#held.delete(this.#held.keys().next().value!)
    return block
  }

  #spool(samples: Samples, folder: string): void {
    const name = path.join(folder, `.layer-${process.pid}-${randomBytes(6).toString('hex')}.tmp`)
    try {
      fs.mkdirSync(folder, { recursive: true })
      this.#file = { fd: fs.openSync(name, 'wx+'), name }
      // where an open file can lose its name, nothing stays behind even when the process is killed
      if (process.platform !== 'win32') fs.rmSync(name)
      const columns = Math.ceil(this.width / BLOCK)
      for (let row = 0; row * BLOCK < this.height; row++) {
        for (let column = 0; column < columns; column++) {
          const block = this.#cut(samples, this.#blockBox(column, row))
          const bytes = new Uint8Array(block.buffer, block.byteOffset, block.byteLength)
          const at = (row * columns + column) * BLOCK * BLOCK * this.channels * samples.BYTES_PER_ELEMENT
          for (let done = 0; done < bytes.length; ) done += fs.writeSync(this.#file.fd, bytes, done, bytes.length - done, at + done)
        }
      }
    } catch (cause) {
      this.close()
      throw failed('document/spool', `The pixels of a large layer could not be kept in ${folder} (${(cause as NodeJS.ErrnoException).code ?? 'unknown reason'}); make room there and run it again.`, cause)
    }
    this.#memory = null
  }

  #cut(samples: Samples, box: Box): Samples {
    const line = box.width * this.channels
    const result = this.depth === 8 ? new Uint8Array(line * box.height) : new Uint16Array(line * box.height)
    for (let y = 0; y < box.height; y++) {
      const from = ((box.y + y) * this.width + box.x) * this.channels
      result.set(samples.subarray(from, from + line), y * line)
    }
    return result
  }
}
