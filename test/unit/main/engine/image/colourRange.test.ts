import { describe, expect, it } from 'vitest'
import { colourRangeMask, colourTest } from '../../../../../main/engine/image/colourRange.ts'
import { pictureFromSamples } from '../../../../../main/engine/image/picture.ts'

describe('a colour range', () => {
  it('picks near colours, none that are fully transparent, half-transparent ones by their colour', async () => {
    const rgba = Uint8Array.from([255, 0, 0, 255, 250, 8, 5, 90, 0, 0, 255, 255, 255, 0, 0, 0])
    const picture = pictureFromSamples(rgba, { width: 4, height: 1, channels: 4 })
    const mask = async (colour: string, tolerance: number): Promise<number[]> => [...(await colourRangeMask(picture, colour, tolerance)).data]
    expect(await mask('#ff0000', 0)).toEqual([255, 0, 0, 0])
    expect(await mask('#ff0000', 0.05)).toEqual([255, 255, 0, 0])
    expect(await mask('#FF0000', 1)).toEqual([255, 255, 255, 0])
  })

  it('measures black to white as 1', () => {
    expect(colourTest('#000000', 0.999)(255, 255, 255)).toBe(false)
    expect(colourTest('#000000', 1)(255, 255, 255)).toBe(true)
  })

  it('covers every colour from grey at the largest tolerance: the aim of a whole picture', () => {
    const near = colourTest('#808080', 1)
    for (let at = 0; at < 4096; at += 1) expect(near((at >> 8) * 17, ((at >> 4) & 15) * 17, (at & 15) * 17)).toBe(true)
  })

  it('of a tall picture is put together from strips without a seam, in 16 bit as in 8', async () => {
    const samples = new Uint16Array(3 * 600 * 3)
    for (let y = 0; y < 600; y += 1) for (let x = 0; x < 3; x += 1) samples.set(y % 2 === 0 ? [65535, 0, 0] : [0, 0, 65535], (y * 3 + x) * 3)
    const { data } = await colourRangeMask(pictureFromSamples(samples, { width: 3, height: 600, channels: 3 }), '#ff0000', 0.05)
    expect([...data].every((value, index) => value === (Math.floor(index / 3) % 2 === 0 ? 255 : 0))).toBe(true)
  })
})
