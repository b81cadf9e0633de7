import fs from 'node:fs'
import path from 'node:path'
import zlib from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { BlobStore } from '../../../../main/history/blobs.ts'
import { TileCache } from '../../../../main/history/tileCache.ts'
import { encodeTilePack, inflateTile, packTile, readTile, tileBytes } from '../../../../main/history/tilePacks.ts'
import type { TileRef } from '../../../../main/history/model.ts'
import { plainTile, scratch, sentenceOf } from './projects.ts'

const store = new BlobStore(path.join(scratch(), 'blobs'))
store.create()

describe('tile packs', () => {
  it('give back each tile in every format, without reading the others', () => {
    const formats = ['grey8', 'grey16', 'rgba8', 'rgba16'] as const
    const tiles = formats.map((format, index) => {
      const bytes = new Uint8Array(tileBytes(format)).map((_, at) => (at * (index + 3)) % 256)
      return { format, bytes }
    })
    const { hash } = store.put(encodeTilePack(tiles.map(packTile)))
    tiles.forEach((tile, index) => {
      const read = readTile(store, [hash, index])
      expect(read.format).toBe(tile.format)
      expect(Buffer.compare(read.bytes, tile.bytes)).toBe(0)
    })
    expect(sentenceOf(() => readTile(store, [hash, 4]))).toMatch(/damaged/)
  })

  it('notice every cut and every changed byte that changes pixels', () => {
    const pixels = new Uint8Array(65536).map((_, at) => at * 7)
    const pack = encodeTilePack([packTile({ format: 'grey8', bytes: pixels })])
    const { hash } = store.put(pack)
    for (const length of [0, 5, 12, 23, 30, pack.length - 1]) {
      fs.writeFileSync(store.path(hash), pack.subarray(0, length))
      expect(sentenceOf(() => readTile(store, [hash, 0])), `cut to ${length}`).toMatch(/damaged/)
    }
    for (let at = 0; at < pack.length; at += 13) {
      const changed = Buffer.from(pack)
      changed[at]! ^= 0x40
      fs.writeFileSync(store.path(hash), changed)
      let read: Uint8Array | undefined
      const sentence = sentenceOf(() => { read = readTile(store, [hash, 0]).bytes })
      // The count's high bytes and deflate's padding mean nothing here.
      if (read) expect(Buffer.compare(read, pixels), `byte ${at}`).toBe(0)
      else expect(sentence, `byte ${at}`).toMatch(/damaged/)
    }
  })

  it('never unpack more than a tile, whatever the stream claims', () => {
    const bomb = zlib.deflateRawSync(Buffer.alloc(64 << 20))
    expect(sentenceOf(() => inflateTile(bomb, 'grey8'))).toMatch(/cannot be unpacked/)
    expect(sentenceOf(() => inflateTile(zlib.deflateRawSync(Buffer.alloc(10)), 'grey8'))).toMatch(/10 bytes where 65536/)
    expect(sentenceOf(() => packTile({ format: 'rgba8', bytes: new Uint8Array(5) }))).toMatch(/expected 262144 bytes/)
  })
})

describe('the memory for undo', () => {
  it('stays within its budget and forgets the least recently used', () => {
    const cache = new TileCache(3 * 65536)
    const ref = (number: number): TileRef => ['a'.repeat(64) as TileRef[0], number]
    const loaded: number[] = []
    const get = (number: number): void => void cache.get(ref(number), ([, index]) => {
      loaded.push(index)
      return plainTile(index)
    })
    for (const number of [1, 2, 3, 1, 4, 1, 2]) get(number)
    expect(loaded).toEqual([1, 2, 3, 4, 2]) // 1 was used again and stayed; 2 went for 4
    expect(cache.use()).toEqual({ tiles: 3, bytes: 3 * 65536, budgetBytes: 3 * 65536, hits: 2, misses: 5 })
    cache.keep(ref(9), plainTile(0, 'rgba16')) // larger than everything
    expect(cache.use().tiles).toBe(3)
  })
})
