/** A folder, an engine in this process and short ways to write pictures, masks and painted tiles, for tests of documents. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { TILE_EDGE, tileBytes, TileFileWriter, type TileFormat } from '../../main/engine/document/tileFile.ts'
import { openPicture } from '../../main/engine/image/codec.ts'
import { pictureFromSamples, type Picture } from '../../main/engine/image/picture.ts'
import { writePicture } from '../../main/engine/image/writePicture.ts'
import { createEngine } from '../../main/engine/index.ts'
import type { EngineResult } from '../../main/engine/requests.ts'

/** What {@link documentBench} gives. */
export interface DocumentBench {
  readonly folder: string
  at(name: string): string
  run(request: Record<string, unknown>): Promise<EngineResult>
  write(name: string, picture: Picture): Promise<string>
  open(name: string): Promise<Picture>
  /** A grey mask from a function that gives 0..255. */
  mask(name: string, width: number, height: number, value: (x: number, y: number) => number): Promise<string>
  /** Painted tiles from a function of layer pixels that gives a pixel's samples. */
  tiles(name: string, format: TileFormat, places: readonly (readonly [number, number])[], pixel: (x: number, y: number) => readonly number[]): string
  close(): void
}

/** Makes a bench in a temporary folder; close it. */
export function documentBench(): DocumentBench {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-document-'))
  const engine = createEngine({ bundledModels: folder, dataDir: folder, cacheDir: path.join(folder, 'cache') })
  const at = (name: string): string => path.join(folder, name)
  const write = async (name: string, picture: Picture): Promise<string> => (await writePicture(picture, at(name))).path
  return {
    folder,
    at,
    write,
    run: (request) => engine.run(request),
    open: (name) => openPicture(at(name)),
    mask: (name, width, height, value) => {
      const data = Uint8Array.from({ length: width * height }, (_, i) => value(i % width, Math.floor(i / width)))
      return write(name, pictureFromSamples(data, { width, height, channels: 1 }))
    },
    tiles: (name, format, places, pixel) => {
      const writer = new TileFileWriter(at(name))
      for (const [x, y] of places) writer.add({ level: 0, x, y }, { format, bytes: tileOf(format, x, y, pixel) }, true)
      writer.finish()
      return at(name)
    },
    close: () => rmSync(folder, { recursive: true, force: true }),
  }
}

function tileOf(format: TileFormat, column: number, row: number, pixel: (x: number, y: number) => readonly number[]): Uint8Array {
  const bytes = new Uint8Array(tileBytes(format))
  const wide = format.endsWith('16')
  const view = new DataView(bytes.buffer)
  const channels = format.startsWith('grey') ? 1 : 4
  for (let i = 0; i < TILE_EDGE * TILE_EDGE; i++) {
    pixel(column * TILE_EDGE + (i % TILE_EDGE), row * TILE_EDGE + Math.floor(i / TILE_EDGE)).forEach((value, c) => {
      if (wide) view.setUint16(2 * (i * channels + c), value, true)
      else bytes[i * channels + c] = value
    })
  }
  return bytes
}

/** A pixel's samples. */
export function pixelAt(picture: Picture, x: number, y: number): number[] {
  const at = (y * picture.width + x) * picture.channels
  return [...picture.samples.subarray(at, at + picture.channels)]
}
