import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { levelSize, TileFile } from '../../../../../main/engine/document/tileFile.ts'
import { pictureFromSamples } from '../../../../../main/engine/image/picture.ts'
import { documentBench, type DocumentBench } from '../../../../support/documents.ts'
import { DISPLAY_P3, noisePicture, rgbProfile } from '../../../../support/pictures.ts'

let bench: DocumentBench
beforeAll(() => {
  bench = documentBench()
})
afterAll(() => bench.close())

async function cut(name: string, kind: 'picture' | 'mask'): Promise<TileFile> {
  await bench.run({ task: 'tiles', image: bench.at(name), kind, out: bench.at('out.tiles') })
  return TileFile.open(bench.at('out.tiles'))
}

/** A pixel of a level; 0s where no tile lies. */
function pixel(file: TileFile, level: number, x: number, y: number): number[] {
  const tile = file.read({ level, x: x >> 8, y: y >> 8 })
  const channels = tile?.format === 'grey8' ? 1 : 4
  const at = ((y & 255) * 256 + (x & 255)) * channels
  return tile ? [...tile.bytes.subarray(at, at + channels)] : [0, 0, 0, 0]
}

describe('a display pyramid', () => {
  it("holds at full size exactly the bytes of an sRGB picture, and each level the mean of the one before's four pixels", async () => {
    const [width, height] = [613, 515]
    const picture = noisePicture({ width, height, channels: 3, depth: 8 }, 2)
    await bench.write('noise.png', picture)
    const file = await cut('noise.png', 'picture')
    expect([file.width, file.height, file.levels]).toEqual([width, height, 3])
    for (const [x, y] of [[0, 0], [255, 256], [612, 514], [300, 511]] as const) expect(pixel(file, 0, x, y)).toEqual([...picture.samples.subarray((y * width + x) * 3, (y * width + x) * 3 + 3), 255])
    const mean = (x: number, y: number, step: number): number[] =>
      [0, 1, 2].map((c) => {
        let [sum, count] = [0, 0]
        for (let v = y * step; v < Math.min(height, (y + 1) * step); v++) for (let u = x * step; u < Math.min(width, (x + 1) * step); u++, count++) sum += picture.samples[(v * width + u) * 3 + c]!
        return sum / count
      })
    for (const [level, x, y] of [[1, 0, 0], [1, 128, 200], [1, 306, 257], [2, 40, 40], [2, 10, 120]] as const) {
      const got = pixel(file, level, x, y)
      mean(x, y, 2 ** level).forEach((value, c) => expect(Math.abs(got[c]! - value)).toBeLessThanOrEqual(0.51))
      expect(got[3]).toBe(255)
    }
    file.close()
  })

  it('pads beyond the picture with 0 and leaves out tiles without anything in them', async () => {
    const [width, height] = [600, 300]
    const samples = new Uint8Array(width * height * 4)
    for (let y = 100; y < 110; y++) for (let x = 20; x < 30; x++) samples.set([200, 100, 50, 255], (y * width + x) * 4)
    await bench.write('spot.png', pictureFromSamples(samples, { width, height, channels: 4 }))
    const file = await cut('spot.png', 'picture')
    expect(file.addresses()).toEqual([{ level: 0, x: 0, y: 0 }, { level: 1, x: 0, y: 0 }, { level: 2, x: 0, y: 0 }])
    expect(pixel(file, 2, 200, 10)).toEqual([0, 0, 0, 0])
    file.close()
  })

  it('averages colours by their alpha: a red pixel among clear ones stays red and becomes faint', async () => {
    const samples = new Uint8Array(300 * 4 * 4)
    for (let x = 0; x < 300; x += 2) samples.set([250, 20, 10, 255], x * 4)
    await bench.write('faint.png', pictureFromSamples(samples, { width: 300, height: 4, channels: 4 }))
    const file = await cut('faint.png', 'picture')
    expect(pixel(file, 1, 40, 0)).toEqual([250, 20, 10, 64])
    file.close()
  })

  it('is in sRGB whatever the picture is in: 16 bits of Display P3, and grey', async () => {
    const size = { width: 20, height: 10 }
    // P3's full red is beyond sRGB, its grey is the same grey
    const samples = Uint16Array.from({ length: 600 }, (_, i) => (i < 300 ? [65535, 0, 0][i % 3]! : 32896))
    await bench.write('p3.png', pictureFromSamples(samples, { ...size, channels: 3 }, { metadata: { icc: rgbProfile(DISPLAY_P3) } }))
    const file = await cut('p3.png', 'picture')
    expect(pixel(file, 0, 0, 0)).toEqual([255, 0, 0, 255])
    expect(pixel(file, 0, 5, 8)).toEqual([128, 128, 128, 255])
    file.close()
    await bench.write('grey.png', noisePicture({ ...size, channels: 1, depth: 8 }, 3))
    const grey = await cut('grey.png', 'picture')
    const value = noisePicture({ ...size, channels: 1, depth: 8 }, 3).samples[0]!
    expect(pixel(grey, 0, 0, 0)).toEqual([value, value, value, 255])
    grey.close()
  })

  it('of a mask is grey, with values as they are', async () => {
    await bench.mask('mask.png', 520, 30, (x) => (x < 512 ? x & 255 : 7))
    const file = await cut('mask.png', 'mask')
    expect([pixel(file, 0, 5, 3), pixel(file, 0, 515, 29), pixel(file, 1, 257, 0)]).toEqual([[5], [7], [7]])
    expect(file.formatAt({ level: 0, x: 0, y: 0 })).toBe('grey8')
    expect(levelSize(file, 1)).toEqual({ width: 260, height: 15 })
    file.close()
  })
})
