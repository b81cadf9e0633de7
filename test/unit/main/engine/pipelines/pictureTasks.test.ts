/** The tasks `mask` and `picture`: pictures in, pictures out, no model. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, describe, expect, it } from 'vitest'
import type { RunContext } from '../../../../../main/engine/pipelines/context.ts'
import { makeMask } from '../../../../../main/engine/pipelines/makeMask.ts'
import { writeAnew } from '../../../../../main/engine/pipelines/writeAnew.ts'
import { requestSchemas } from '../../../../../main/engine/requests.ts'
import { writeSafetensors } from '../../../../../main/engine/weights/safetensorsWriter.ts'

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-picture-tasks-'))
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
const file = (name: string): string => path.join(folder, name)
const context = { emit: () => undefined, signal: undefined } as unknown as RunContext // neither task asks for more

const mask = (request: object): Promise<Readonly<Record<string, unknown>>> => makeMask(context, requestSchemas.mask.parse({ task: 'mask', image: file('photo.png'), out: file('mask.png'), ...request }))
const values = async (name: string): Promise<number[]> => [...(await sharp(file(name)).toColourspace('b-w').raw().toBuffer())]

/** Left half red, right half blue, 8 x 4. */
async function photo(name: string, finish = (image: ReturnType<typeof sharp>) => image): Promise<void> {
  const bytes = Buffer.alloc(8 * 4 * 3)
  for (let at = 0; at < 32; at += 1) bytes.set(at % 8 < 4 ? [220, 30, 30] : [30, 30, 220], at * 3)
  await finish(sharp(bytes, { raw: { width: 8, height: 4, channels: 3 } })).toFile(file(name))
}

describe('mask', () => {
  it('is white where a colour is, of the size of the picture, and tells how much of it is white', async () => {
    await photo('photo.png')
    expect(await mask({ colour: '#dc1e1e', tolerance: 0.1 })).toMatchObject({ width: 8, height: 4, whiteShare: 0.5 })
    expect(await values('mask.png')).toEqual(Array.from({ length: 32 }, (_, at) => (at % 8 < 4 ? 255 : 0)))
    expect(await mask({ colour: '#00ff00', tolerance: 0.05 })).toMatchObject({ whiteShare: 0 })
  })

  it('is white where a condition on words holds; a name of several words is where all of them look together', async () => {
    await photo('photo.png')
    // 2 x 1 cells: "car" looks left, "light" right, "traffic" at neither in particular
    writeSafetensors(file('maps.safetensors'), { words: { data: Float32Array.from([4, 1, 0, 3, 1, 1]), dims: [3, 1, 2] } }, { words: JSON.stringify([{ word: 'car' }, { word: 'light' }, { word: 'traffic' }]) })
    const white = async (where: string): Promise<string> => {
      await mask({ where, maps: file('maps.safetensors') })
      return (await values('mask.png')).slice(0, 8).map((value) => (value === 255 ? 'W' : '.')).join('')
    }
    expect(await white('attention(car) > 0.6')).toBe('WWWW....')
    expect(await white('not attention(car) > 0.6')).toBe('....WWWW')
    expect(await white('attention(traffic light) > 0.9')).toMatch(/^\.{5,7}W+$/)
    expect(await white('attention(Car) >= 0')).toBe('WWWWWWWW')
    await expect(mask({ where: 'attention(bus) > 0.5', maps: file('maps.safetensors') })).rejects.toThrow(/attention\(bus\): expected words of the description: car, light, traffic, found "bus"/)
  })

  it('asks for one aim, for the maps of its words, and for a file that keeps every value', async () => {
    await photo('photo.png')
    await expect(mask({})).rejects.toThrow(/expected either a colour or a condition on words, found neither/)
    await expect(mask({ colour: '#ffffff', where: 'attention(a) > 0' })).rejects.toThrow(/found both/)
    await expect(mask({ where: 'attention(a) > 0' })).rejects.toThrow(/expected the maps of the words.*name maps\.safetensors with --maps/)
    await expect(mask({ colour: '#ffffff', out: file('mask.jpg') })).rejects.toThrow(/keeps every value/)
    writeSafetensors(file('other.safetensors'), { latents: { data: new Float32Array(4), dims: [4] } })
    await expect(mask({ where: 'attention(a) > 0', maps: file('other.safetensors') })).rejects.toThrow(/found another safetensors file/)
  })
})

describe('picture', () => {
  it('writes samples in another form with the metadata of another file', async () => {
    await photo('source.jpg', (image) => image.jpeg().withIccProfile('p3').withExif({ IFD0: { Artist: 'A. Person' } }))
    await photo('step.png')
    const anew = (request: object): Promise<unknown> => writeAnew(context, requestSchemas.picture.parse({ task: 'picture', image: file('step.png'), ...request }))
    await anew({ out: file('last.jpg'), metadataFrom: file('source.jpg') })
    const [source, last] = [await sharp(file('source.jpg')).metadata(), await sharp(file('last.jpg')).metadata()]
    expect([last.format, last.icc!.equals(source.icc!), last.exif!.includes('A. Person')]).toEqual(['jpeg', true, true])
    await anew({ out: file('plain.png') })
    expect((await sharp(file('plain.png')).metadata()).icc).toBeUndefined()
    expect((await sharp(file('plain.png')).raw().toBuffer()).equals(await sharp(file('step.png')).raw().toBuffer())).toBe(true)
  })
})
