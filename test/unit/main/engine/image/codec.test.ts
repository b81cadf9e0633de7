import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { EngineError } from '../../../../../main/engine/errors.ts'
import { openPicture, readPictureHeader, readRecipe } from '../../../../../main/engine/image/codec.ts'
import { pngChunksOf } from '../../../../../main/engine/image/containers.ts'
import { readDescriptiveFields, readerOf, serialiseIfd, uprightExif, type IfdEntry } from '../../../../../main/engine/image/exif.ts'
import type { Picture } from '../../../../../main/engine/image/picture.ts'
import { checkOutput, encodePicture, writePicture } from '../../../../../main/engine/image/writePicture.ts'
import { buildXmp } from '../../../../../main/engine/image/xmp.ts'
import { DISPLAY_P3, exifBlock, greyProfile, largestDifference, noisePicture, rgbProfile } from '../../../../support/pictures.ts'

let folder: string
const at = (name: string): string => path.join(folder, name)
beforeAll(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-codec-'))
})
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

async function refusal(action: () => Promise<unknown> | unknown): Promise<EngineError> {
  try {
    await action()
  } catch (error) {
    expect(error).toBeInstanceOf(EngineError)
    return error as EngineError
  }
  throw new Error('expected an error')
}

describe('samples', () => {
  const layouts = [1, 2, 3, 4].flatMap((channels) => [8, 16].map((depth) => ({ channels, depth })))
  it.each(layouts)('PNG and TIFF keep $channels channels of $depth bits sample by sample', async ({ channels, depth }) => {
    const picture = noisePicture({ width: 37, height: 23, channels: channels as 1, depth: depth as 8 })
    for (const name of ['keep.png', 'keep.tif']) {
      const written = await writePicture(picture, at(name))
      expect(written).toMatchObject({ lossless: true, codec: { changed: 0 }, notes: [] })
      const again = await openPicture(at(name))
      expect({ channels: again.channels, depth: again.depth, width: again.width, height: again.height }).toEqual({ channels, depth, width: 37, height: 23 })
      expect(Buffer.compare(Buffer.from(again.samples.buffer, again.samples.byteOffset, again.samples.byteLength), Buffer.from(picture.samples.buffer))).toBe(0)
    }
  })

  it('lossless WebP keeps RGB and RGBA; grey becomes three equal channels', async () => {
    for (const channels of [3, 4, 1] as const) {
      const picture = noisePicture({ width: 20, height: 30, channels, depth: 8 })
      expect(await writePicture(picture, at('x.webp'), { lossless: true })).toMatchObject({ lossless: true, codec: { changed: 0 } })
      const again = await openPicture(at('x.webp'))
      for (let i = 0; i < 20 * 30; i++) expect(again.samples[i * again.channels]).toBe(picture.samples[i * channels])
    }
  })

  it('a lossy format reports what its codec changed', async () => {
    const picture = noisePicture({ width: 64, height: 48, channels: 3, depth: 8 })
    const written = await writePicture(picture, at('x.jpg'), { quality: 80 })
    expect(written.lossless).toBe(false)
    expect(written.codec.changed).toBeGreaterThan(1000)
    const again = await openPicture(at('x.jpg'))
    expect(written.codec.maxAbs).toBe(largestDifference(again, picture))
  })

  it('tells what a format cannot hold', async () => {
    const deep = await writePicture(noisePicture({ width: 9, height: 9, channels: 3, depth: 16 }), at('deep.jpg'))
    expect(deep.notes).toEqual([expect.stringContaining('8 bits')])
    const clear = await writePicture(noisePicture({ width: 9, height: 9, channels: 4, depth: 8 }), at('clear.jpg'))
    expect(clear.notes).toEqual([expect.stringContaining('transparent parts were put on white')])
  })

  it('opens AVIF and grey JPEG', async () => {
    const picture = noisePicture({ width: 40, height: 32, channels: 3, depth: 8 })
    await sharp(picture.samples, { raw: picture }).avif({ quality: 50 }).toFile(at('x.avif'))
    expect(await openPicture(at('x.avif'))).toMatchObject({ format: 'avif', width: 40, height: 32, channels: 3, depth: 8 })
    await writePicture(noisePicture({ width: 12, height: 10, channels: 1, depth: 8 }), at('grey.jpg'))
    expect(await openPicture(at('grey.jpg'))).toMatchObject({ format: 'jpeg', channels: 1 })
  })
})

describe('orientation', () => {
  // where pixel (x, y) of the stored picture of 5 x 3 lands when it is shown upright (Exif 2.32, table of tag 0112)
  const [w, h] = [5, 3]
  const upright: Readonly<Record<number, (x: number, y: number) => [number, number]>> = {
    1: (x, y) => [x, y], 2: (x, y) => [w - 1 - x, y], 3: (x, y) => [w - 1 - x, h - 1 - y], 4: (x, y) => [x, h - 1 - y],
    5: (x, y) => [y, x], 6: (x, y) => [h - 1 - y, x], 7: (x, y) => [h - 1 - y, w - 1 - x], 8: (x, y) => [y, w - 1 - x],
  }
  it.each([1, 2, 3, 4, 5, 6, 7, 8])('%i is applied once and reset', async (orientation) => {
    const stored = noisePicture({ width: w, height: h, channels: 3, depth: 8 })
    const encoded = await encodePicture(stored, { format: 'png' })
    // eXIf goes in behind IHDR by hand: the writer would reset the orientation
    const png = Buffer.concat(encoded.pieces)
    const { embedPng } = await import('../../../../../main/engine/image/containers.ts')
    fs.writeFileSync(at('turned.png'), Buffer.concat(embedPng(png, { exif: exifBlock(orientation) }).pieces))
    const shown = await openPicture(at('turned.png'))
    expect([shown.width, shown.height]).toEqual(orientation >= 5 ? [h, w] : [w, h])
    for (let y = 0; y < h; y++) {
      for (let x = 0; x < w; x++) {
        const [u, v] = upright[orientation]!(x, y)
        expect(shown.samples[(v * shown.width + u) * 3], `pixel ${x},${y}`).toBe(stored.samples[(y * w + x) * 3])
      }
    }
    await writePicture(shown, at('again.jpg'))
    expect((await sharp(at('again.jpg')).metadata()).orientation ?? 1).toBe(1)
    expect([(await openPicture(at('again.jpg'))).width, (await openPicture(at('again.jpg'))).height]).toEqual([shown.width, shown.height])
  })
})

describe('metadata', () => {
  const xmp = Buffer.from('<?xpacket begin=""?><x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" tiff:Orientation="6" dc:format="image/x"/></rdf:RDF></x:xmpmeta>')
  const icc = rgbProfile(DISPLAY_P3)
  const recipe = { prompt: 'a "red" <fox> & a \u2603', seed: 42, steps: 20, model: { id: 'starter', hash: 'abc' } }
  const source: Picture = noisePicture({ width: 31, height: 17, channels: 3, depth: 8 }, 5, { icc, exif: exifBlock(6), xmp, density: 300 })

  it.each(['m.png', 'm.jpg', 'm.webp', 'm.tif'])('%s keeps profile, EXIF, XMP, density and the recipe', async (name) => {
    await writePicture(source, at(name), { recipe })
    const { metadata } = await openPicture(at(name))
    expect(Buffer.compare(metadata.icc!, icc)).toBe(0)
    const fields = readDescriptiveFields(readerOf(metadata.exif!))
    expect(fields.find((field) => field.tag === 271)?.value.toString('latin1')).toBe('Acme Optics\0')
    const sub = (tag: number) => fields.find((field) => field.tag === tag)?.ifd
    expect(sub(0x8769)?.find((field) => field.tag === 0x829d)?.value.readUInt32LE(0)).toBe(28)
    expect(sub(0x8825)?.find((field) => field.tag === 1)?.value.toString('latin1')).toBe('N\0')
    expect(Buffer.from(metadata.xmp!).toString()).toContain('dc:format="image/x"')
    expect(Buffer.from(metadata.xmp!).toString()).toContain('tiff:Orientation="1"')
    if (name !== 'm.webp') expect(metadata.density).toBe(300)
    expect(metadata.recipe).toEqual(recipe)
    expect(await readRecipe(at(name))).toEqual(recipe)
  })

  it('sets the size fields of EXIF to those of the result', () => {
    const block = uprightExif(exifBlock(8), { width: 31, height: 17 })!
    const sub = readDescriptiveFields(readerOf(block)).find((field) => field.tag === 0x8769)!.ifd!
    expect([0xa002, 0xa003].map((tag) => sub.find((field) => field.tag === tag)!.value.readUInt16LE(0))).toEqual([31, 17])
    expect(uprightExif(Buffer.from('II*\0\xff\xff\xff\xff', 'latin1'), { width: 1, height: 1 })).toBeNull()
  })

  it('the recipe can be left out, an older one is not carried along, and equal input gives equal bytes', async () => {
    await writePicture(source, at('with.png'), { recipe })
    const again = await openPicture(at('with.png'))
    for (const name of ['out.png', 'out.jpg', 'out.webp', 'out.tif']) {
      await writePicture(again, at(name))
      expect(await readRecipe(at(name)), name).toBeNull()
      expect(fs.readFileSync(at(name)).includes('palimpsest'), name).toBe(false)
      await writePicture(again, at(`twice-${name}`), { recipe: { seed: 1, prompt: 'x' } })
      await writePicture(again, at(`thrice-${name}`), { recipe: { prompt: 'x', seed: 1 } })
      expect(fs.readFileSync(at(`twice-${name}`)).equals(fs.readFileSync(at(`thrice-${name}`))), name).toBe(true)
    }
    const replaced = await openPicture(at('twice-out.jpg'))
    await writePicture(replaced, at('new.jpg'), { recipe: { prompt: 'new' } })
    expect(await readRecipe(at('new.jpg'))).toEqual({ prompt: 'new' })
  })

  it('refuses recipes that tell when or where', async () => {
    expect((await refusal(() => writePicture(source, at('private.png'), { recipe: { prompt: 'x', nested: { path: '/home/me' } } }))).code).toBe('recipe/private')
    expect(fs.existsSync(at('private.png'))).toBe(false)
  })

  it('keeps the texts of a PNG and drops its colour chunks when there is a profile', async () => {
    const chunks = [{ type: 'tEXt', data: Buffer.from('Title\0A walk') }, { type: 'gAMA', data: Buffer.from([0, 0, 0xb1, 0x8f]) }]
    const texts = noisePicture({ width: 8, height: 8, channels: 3, depth: 8 }, 2, { pngChunks: chunks })
    await writePicture(texts, at('text.png'))
    const again = await openPicture(at('text.png'))
    expect(again.metadata.pngChunks?.map((chunk) => chunk.type)).toEqual(['tEXt', 'gAMA'])
    await writePicture({ ...again, metadata: { ...again.metadata, icc } }, at('profile.png'))
    const types = [...pngChunksOf(fs.readFileSync(at('profile.png')))].map((chunk) => chunk.type)
    expect(types).toContain('iCCP')
    expect(types).toContain('tEXt')
    expect(types).not.toContain('gAMA')
  })

  it('does not put a grey profile into an RGB file', async () => {
    const grey = noisePicture({ width: 8, height: 8, channels: 1, depth: 8 }, 3, { icc: greyProfile(1.8) })
    await writePicture(grey, at('grey.webp'))
    expect((await openPicture(at('grey.webp'))).metadata.icc).toBeUndefined()
    await writePicture(grey, at('grey.png'))
    expect((await openPicture(at('grey.png'))).metadata.icc).toBeDefined()
  })

  it('says when an XMP packet cannot be carried along with a recipe', () => {
    const odd = Buffer.from('<other/>')
    expect(buildXmp(odd, { seed: 1 })).toMatchObject({ sourceLost: true })
    expect(buildXmp(odd, undefined)).toMatchObject({ sourceLost: false, packet: odd })
    expect(buildXmp(undefined, undefined).packet).toBeNull()
  })
})

describe('bad input: one sentence that names the file, exit code 2', () => {
  const png = async (): Promise<Buffer> => Buffer.concat((await encodePicture(noisePicture({ width: 60, height: 60, channels: 3, depth: 8 }), { format: 'png' })).pieces)
  const ftyp = (brand: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 20]), Buffer.from(`ftyp${brand}\0\0\0\0${brand}`), Buffer.alloc(64)])
  const cases: readonly [name: string, code: string, bytes: () => Promise<Buffer> | Buffer][] = [
    ['empty.png', 'picture/empty', () => Buffer.alloc(0)],
    ['words.png', 'picture/not-a-picture', () => Buffer.from('dear diary')],
    ['page.jpg', 'picture/not-a-picture', () => Buffer.from('<!DOCTYPE html><html></html>')],
    ['vector.svg', 'picture/not-a-picture', () => Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"/>')],
    ['phone.heic', 'picture/unsupported', () => ftyp('heic')],
    ['film.mp4', 'picture/not-a-picture', () => ftyp('isom')],
    ['layers.psd', 'picture/unsupported', () => Buffer.from('8BPS\0\x01aaaaaaaa')],
    ['camera.nef', 'picture/unsupported', () => Buffer.from('II*\0\x08\0\0\0\0\0\0\0\0\0')],
    ['camera.cr3', 'picture/unsupported', () => ftyp('crx ')],
    ['moving.gif', 'picture/unsupported', () => Buffer.from('GIF89a..........')],
    ['cut.png', 'picture/damaged', async () => (await png()).subarray(0, 3000)],
    ['broken.png', 'picture/damaged', async () => Buffer.concat([(await png()).subarray(0, 40), Buffer.alloc(4000, 7)])],
    ['cut.jpg', 'picture/damaged', async () => Buffer.concat((await encodePicture(noisePicture({ width: 90, height: 90, channels: 3, depth: 8 }), { format: 'jpeg' })).pieces).subarray(0, 4000)],
    ['cut.webp', 'picture/damaged', async () => Buffer.concat((await encodePicture(noisePicture({ width: 90, height: 90, channels: 3, depth: 8 }), { format: 'webp' })).pieces).subarray(0, 3000)],
    ['cut.tif', 'picture/damaged', async () => Buffer.concat((await encodePicture(noisePicture({ width: 90, height: 90, channels: 3, depth: 8 }), { format: 'tiff' })).pieces).subarray(0, 3000)],
    ['print.jpg', 'picture/cmyk', () => sharp({ create: { width: 9, height: 9, channels: 3, background: '#a43' } }).toColourspace('cmyk').jpeg().toBuffer()],
    ['print.tif', 'picture/cmyk', () => sharp({ create: { width: 9, height: 9, channels: 3, background: '#a43' } }).toColourspace('cmyk').tiff().toBuffer()],
    ['float.tif', 'picture/depth', () => floatTiff()],
  ]
  it.each(cases)('%s: %s', async (name, code, bytes) => {
    fs.writeFileSync(at(name), await bytes())
    const error = await refusal(() => openPicture(at(name)))
    expect(error.code).toBe(code)
    expect(error.exitCode).toBe(2)
    expect(error.message).toContain(at(name))
    expect(error.message).toMatch(/^[^\n]+\.$/)
  })

  it('a missing file, a folder, and one over the pixel limit', async () => {
    expect(await refusal(() => openPicture(at('none.png')))).toMatchObject({ code: 'picture/not-found', exitCode: 2 })
    expect(await refusal(() => openPicture(folder))).toMatchObject({ code: 'picture/not-found', exitCode: 2 })
    fs.writeFileSync(at('large.png'), await png())
    const error = await refusal(() => openPicture(at('large.png'), { maxPixels: 3000 }))
    expect(error.code).toBe('picture/too-large')
    expect(error.message).toContain('60 x 60')
    await expect(readPictureHeader(at('large.png'), { maxPixels: 3600 })).resolves.toMatchObject({ width: 60 })
  })
})

/** A TIFF of 2 x 2 grey pixels in 32-bit floating point. */
function floatTiff(): Buffer {
  const field = (tag: number, type: 3 | 4, value: number): IfdEntry => ({ tag, type, count: 1, value: Buffer.from(type === 3 ? new Uint16Array([value]).buffer : new Uint32Array([value]).buffer) })
  const head = Buffer.concat([Buffer.from('II*\0\x18\0\0\0', 'latin1'), Buffer.from(new Float32Array([0, 0.5, 1, 2]).buffer)])
  const fields = [field(256, 4, 2), field(257, 4, 2), field(258, 3, 32), field(259, 3, 1), field(262, 3, 1), field(273, 4, 8), field(277, 3, 1), field(278, 4, 2), field(279, 4, 16), field(339, 3, 3)]
  return Buffer.concat([head, serialiseIfd(fields, 24, 0)])
}

describe('writing', () => {
  const picture = noisePicture({ width: 8, height: 8, channels: 3, depth: 8 })

  it('is refused with a sentence where it cannot be done, and leaves nothing behind', async () => {
    fs.mkdirSync(at('inside.png'))
    const before = fs.readdirSync(folder).sort()
    for (const name of ['no/such/folder.png', 'inside.png', `${'n'.repeat(300)}.png`]) {
      expect(await refusal(() => writePicture(picture, at(name))), name).toMatchObject({ code: 'output/not-writable', exitCode: 2 })
    }
    expect(await refusal(() => checkOutput(at('no/such/folder.png')))).toMatchObject({ code: 'output/not-writable' })
    expect(await refusal(() => checkOutput(at('picture.gif')))).toMatchObject({ code: 'output/format', exitCode: 2 })
    expect(fs.readdirSync(folder).sort()).toEqual(before)
  })

  it('refuses sides that a format cannot hold', async () => {
    const wide = noisePicture({ width: 16_400, height: 1, channels: 1, depth: 8 })
    expect(await refusal(() => writePicture(wide, at('wide.webp')))).toMatchObject({ code: 'picture/encode', exitCode: 2 })
  })
})
