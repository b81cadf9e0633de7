import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openPicture } from '../../../../../main/engine/image/codec.ts'
import { pictureFromSamples } from '../../../../../main/engine/image/picture.ts'
import { ZipReader } from '../../../../../main/history/zip/zipReader.ts'
import { documentBench, pixelAt, type DocumentBench } from '../../../../support/documents.ts'
import { DISPLAY_P3, drawn, exifBlock, noisePicture, rgbProfile } from '../../../../support/pictures.ts'

let bench: DocumentBench
beforeAll(() => {
  bench = documentBench()
})
afterAll(() => bench.close())
const canvas = { width: 300, height: 200 }

describe('inspect', () => {
  it('tells what a file says: upright size, depth, alpha, profile, bytes, recipe', async () => {
    const file = await bench.write('photo.tif', noisePicture({ ...canvas, channels: 4, depth: 16 }, 1, { icc: rgbProfile(DISPLAY_P3), density: 300 }))
    expect(await bench.run({ task: 'inspect', image: file })).toMatchObject({ format: 'tiff', width: 300, height: 200, depth: 16, channels: 4, alpha: true, density: 300, bytes: fs.statSync(file).size, recipe: null })
    const turned = await bench.write('plain.jpg', noisePicture({ ...canvas, channels: 3, depth: 8 }, 2, { exif: exifBlock(6) }))
    expect(await bench.run({ task: 'inspect', image: turned })).toMatchObject({ format: 'jpeg', alpha: false, profile: null })
    await bench.run({ task: 'compose', canvas, base: turned, layers: [{ kind: 'image', picture: turned }], out: bench.at('recipe.png'), recipe: { task: 'inpaint', seed: 7 } })
    expect(await bench.run({ task: 'inspect', image: bench.at('recipe.png') })).toMatchObject({ recipe: { task: 'inpaint', seed: 7 } })
  })

  it('refuses with the sentences of the decoder', async () => {
    fs.writeFileSync(bench.at('empty.png'), '')
    fs.writeFileSync(bench.at('text.png'), 'hello')
    await expect(bench.run({ task: 'inspect', image: bench.at('empty.png') })).rejects.toMatchObject({ code: 'picture/empty', exitCode: 2 })
    await expect(bench.run({ task: 'inspect', image: bench.at('text.png') })).rejects.toMatchObject({ code: 'picture/not-a-picture', exitCode: 2 })
    await expect(bench.run({ task: 'inspect', image: bench.folder })).rejects.toMatchObject({ code: 'picture/not-found', exitCode: 2 })
  })
})

describe('difference', () => {
  it('counts, measures, boxes and pictures what differs; a mask tells what may', async () => {
    const before = noisePicture({ ...canvas, channels: 3, depth: 8 }, 3)
    const samples = before.samples.slice()
    for (const [x, y, step] of [[10, 20, 5], [30, 50, 40]] as const) {
      const at = (y * 300 + x) * 3
      samples[at] = samples[at]! < 128 ? samples[at]! + step : samples[at]! - step
    }
    const [a, b] = [await bench.write('a.png', before), await bench.write('b.png', pictureFromSamples(samples, { ...canvas, channels: 3 }))]
    const mask = await bench.mask('allowed.png', 300, 200, (x) => (x < 20 ? 255 : 0))
    const result = await bench.run({ task: 'difference', a, b, mask, out: bench.at('difference.png') })
    expect(result).toMatchObject({ changedPixels: 2, changedSamples: 2, largest: 40, exact: true, box: { x: 10, y: 20, width: 21, height: 31 }, changedOutside: 1, samples: 180_000 })
    expect(result['psnr']).toBeCloseTo(10 * Math.log10((255 * 255 * 180_000) / (25 + 1600)), 9)
    const picture = await bench.open('difference.png')
    expect([pixelAt(picture, 0, 0), pixelAt(picture, 10, 20), pixelAt(picture, 30, 50)]).toEqual([[0], [48 + Math.round(207 * Math.sqrt(5 / 255))], [48 + Math.round(207 * Math.sqrt(40 / 255))]])
    expect(await bench.run({ task: 'difference', a, b: a })).toMatchObject({ changedPixels: 0, psnr: null, box: null })
  })

  it('brings other depths, channels and profiles to one layout, and refuses other sizes', async () => {
    const grey = await bench.write('grey.png', pictureFromSamples(new Uint8Array(60_000).fill(100), { ...canvas, channels: 1 }))
    const deep = await bench.write('deep.png', pictureFromSamples(new Uint16Array(180_000).fill(100 * 257), { ...canvas, channels: 3 }))
    const clear = await bench.write('clear.png', pictureFromSamples(Uint8Array.from({ length: 240_000 }, (_, i) => (i % 4 === 3 ? 254 : 100)), { ...canvas, channels: 4 }))
    expect(await bench.run({ task: 'difference', a: grey, b: deep })).toMatchObject({ exact: false, changedPixels: 0, depth: 16 })
    expect(await bench.run({ task: 'difference', a: deep, b: clear })).toMatchObject({ exact: false, changedPixels: 60_000, changedSamples: 60_000, largest: 257 })
    const small = await bench.write('small.png', noisePicture({ width: 5, height: 5, channels: 3, depth: 8 }, 4))
    await expect(bench.run({ task: 'difference', a: grey, b: small })).rejects.toMatchObject({ code: 'difference/size', exitCode: 2 })
  })
})

describe('patch', () => {
  it('writes nothing when nothing changed, and refuses a picture of another kind or a lossy result', async () => {
    const request = { task: 'patch', before: bench.at('a.png'), after: bench.at('a.png'), out: bench.at('patch.png'), maskOut: bench.at('patch-mask.png') }
    expect(await bench.run(request)).toEqual({ box: null, changedPixels: 0, changedSamples: 0 })
    expect(fs.existsSync(bench.at('patch.png'))).toBe(false)
    await expect(bench.run({ ...request, after: bench.at('deep.png') })).rejects.toMatchObject({ code: 'patch/layout', exitCode: 2 })
    await expect(bench.run({ ...request, out: bench.at('patch.jpg') })).rejects.toMatchObject({ code: 'output/format', exitCode: 2 })
  })
})

describe('thumbnail', () => {
  it('is a small sRGB picture, never enlarged, of a file and of a document alike', async () => {
    const red = await bench.write('red.png', pictureFromSamples(Uint8Array.from({ length: 180_000 }, (_, i) => (i % 3 === 0 ? 234 : i % 3 === 1 ? 51 : 35)), { ...canvas, channels: 3 }, { metadata: { icc: rgbProfile(DISPLAY_P3), exif: exifBlock(1) } }))
    expect(await bench.run({ task: 'thumbnail', image: red, side: 96, out: bench.at('thumb.png') })).toMatchObject({ width: 96, height: 64 })
    const thumb = await bench.open('thumb.png')
    expect([thumb.depth, thumb.metadata.icc, thumb.metadata.exif]).toEqual([8, undefined, undefined])
    // (234, 51, 35) of P3 is sRGB's full red, give or take the rounding of its bytes
    const [r, g, b] = pixelAt(thumb, 40, 30)
    expect(r).toBeGreaterThanOrEqual(254)
    expect(Math.max(g!, b!)).toBeLessThanOrEqual(12)
    const document = { canvas, base: red, layers: [{ kind: 'image', picture: red }, { kind: 'image', picture: bench.at('a.png'), visible: false }] }
    await bench.run({ task: 'thumbnail', document, side: 96, out: bench.at('thumb2.png') })
    expect([...(await bench.open('thumb2.png')).samples]).toEqual([...thumb.samples])
    expect(await bench.run({ task: 'thumbnail', image: bench.at('small.png'), side: 96, out: bench.at('thumb.webp') })).toMatchObject({ width: 5, height: 5 })
    await expect(bench.run({ task: 'thumbnail', out: bench.at('thumb.png') })).rejects.toMatchObject({ code: 'input/request' })
    await expect(bench.run({ task: 'thumbnail', image: red, out: bench.at('thumb.jpg') })).rejects.toMatchObject({ code: 'output/format' })
  })
})

describe('the layered export', () => {
  it('is an OpenRaster file: layers where they lie, groups, modes, the flattened picture and a thumbnail', async () => {
    const base = await bench.write('base.png', noisePicture({ ...canvas, channels: 3, depth: 8 }, 5))
    const patch = await bench.write('red-patch.png', drawn(20, 10, () => [1, 0, 0]))
    const half = await bench.mask('half.png', 20, 10, (x) => (x < 8 ? 255 : 0))
    const layers = [
      { kind: 'image', name: 'Photo & <more>', picture: base },
      { kind: 'group', name: 'Group', opacity: 0.5, children: [{ kind: 'edit-result', name: 'Patch', picture: patch, mask: half, blend: 'multiply', transform: [1, 0, 0, 1, 100, 60] }] },
      { kind: 'image', name: 'Hidden', picture: patch, visible: false },
      { kind: 'paint', name: 'Empty' },
    ]
    const result = await bench.run({ task: 'compose', canvas, base, layers, out: bench.at('all.ora') })
    expect(result).toMatchObject({ format: 'ora', layers: 4, bytes: fs.statSync(bench.at('all.ora')).size })
    const bytes = fs.readFileSync(bench.at('all.ora'))
    // readers look for the type right behind the first header, unpacked
    expect(bytes.toString('latin1', 30, 54)).toBe('mimetypeimage/openraster')

    const zip = new ZipReader(bench.at('all.ora'))
    const entry = async (name: string): Promise<Buffer> => {
      const found = zip.entries.find((candidate) => candidate.name === name)!
      const target = bench.at('entry.bin')
      await zip.extract(found, target)
      const content = fs.readFileSync(target)
      fs.rmSync(target) // the next one must not be there yet
      return content
    }
    const xml = (await entry('stack.xml')).toString('utf8')
    expect(xml).toContain('<image version="0.0.5" w="300" h="200">')
    // top first
    expect([...xml.matchAll(/name="([^"]*)"/g)].map((match) => match[1])).toEqual(['Empty', 'Hidden', 'Group', 'Patch', 'Photo &amp; &lt;more&gt;'])
    expect(xml).toMatch(/<stack name="Group" opacity="0.5" visibility="visible" composite-op="svg:src-over" isolation="isolate">/)
    expect(xml).toMatch(/<layer name="Patch" opacity="1" visibility="visible" composite-op="svg:multiply" src="data\/layer2.png" x="100" y="60"\/>/)
    expect(xml).toMatch(/name="Hidden" opacity="1" visibility="hidden"/)
    const picture = async (name: string) => {
      fs.writeFileSync(bench.at('entry.png'), await entry(name))
      return openPicture(bench.at('entry.png'))
    }
    const cut = await picture('data/layer2.png')
    expect([cut.width, cut.height, ...pixelAt(cut, 3, 3)]).toEqual([8, 10, 255, 0, 0, 255])
    const photo = await picture('data/layer3.png')
    const source = await bench.open('base.png')
    for (const [x, y] of [[0, 0], [299, 199], [150, 77]] as const) expect(pixelAt(photo, x, y)).toEqual([...pixelAt(source, x, y), 255])
    await bench.run({ task: 'compose', canvas, base, layers, out: bench.at('flat.png') })
    expect([...(await picture('mergedimage.png')).samples]).toEqual([...(await bench.open('flat.png')).samples])
    expect((await picture('Thumbnails/thumbnail.png')).width).toBe(256)
    zip.close()
  })

  it('is not written at all when a layer is missing', async () => {
    await expect(bench.run({ task: 'compose', canvas, layers: [{ kind: 'image', picture: bench.at('gone.png') }], out: bench.at('none.ora') })).rejects.toMatchObject({ code: 'picture/not-found' })
    expect(fs.readdirSync(bench.folder).filter((name) => name.includes('none'))).toEqual([])
  })
})
