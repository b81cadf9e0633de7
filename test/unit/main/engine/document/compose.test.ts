import fs from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { encodeSrgb, fromSrgb, toSrgb } from '../../../../../main/engine/image/colour.ts'
import { invertMatrix, type Matrix3 } from '../../../../../main/engine/image/iccProfile.ts'
import { countChangedOutside } from '../../../../../main/engine/image/verify.ts'
import { copyPicture, pictureFromSamples } from '../../../../../main/engine/image/picture.ts'
import { documentBench, pixelAt, type DocumentBench } from '../../../../support/documents.ts'
import { ADOBE_RGB, DISPLAY_P3, drawn, exifBlock, greyProfile, noisePicture, rgbProfile, tableProfile } from '../../../../support/pictures.ts'

const canvas = { width: 300, height: 280 }
let bench: DocumentBench
let source: string
beforeAll(async () => {
  bench = documentBench()
  source = await bench.write('source.png', noisePicture({ ...canvas, channels: 3, depth: 8 }, 1))
})
afterAll(() => bench.close())

const compose = (layers: readonly unknown[], more: Record<string, unknown> = {}) => bench.run({ task: 'compose', canvas, base: source, layers, out: bench.at('out.png'), ...more })
const flat = (name: string, colour: readonly [number, number, number], size = canvas) => bench.write(name, drawn(size.width, size.height, () => colour))

describe('an untouched document', () => {
  it.each(['png', 'jpg', 'webp', 'tif'])("gives the source's very bytes: .%s", async (extension) => {
    const file = await bench.write(`photo.${extension}`, noisePicture({ ...canvas, channels: 3, depth: 8 }, 3, { exif: exifBlock(1), icc: rgbProfile(DISPLAY_P3) }))
    const result = await bench.run({ task: 'compose', canvas, base: file, layers: [{ kind: 'image', picture: file }], out: bench.at(`copy.${extension}`) })
    expect(result['copied']).toBe(true)
    expect(fs.readFileSync(bench.at(`copy.${extension}`)).equals(fs.readFileSync(file))).toBe(true)
  })

  it('gives exactly its samples when the format is another, and 8 from 16 bits when asked', async () => {
    const file = await bench.write('deep.tif', noisePicture({ ...canvas, channels: 4, depth: 16 }, 4, { icc: rgbProfile(ADOBE_RGB) }))
    const layers = [{ kind: 'image', picture: file }]
    await bench.run({ task: 'compose', canvas, base: file, layers, out: bench.at('deep.png') })
    const [before, after] = [await bench.open('deep.tif'), await bench.open('deep.png')]
    expect([...after.samples]).toEqual([...before.samples])
    expect(after.metadata.icc).toEqual(before.metadata.icc)
    await bench.run({ task: 'compose', canvas, base: file, layers, out: bench.at('eight.png'), depth: 8 })
    expect([...(await bench.open('eight.png')).samples]).toEqual([...before.samples].map((value) => Math.round(value / 257)))
  })

  it('leaves out EXIF on request and keeps the profile; a quality asked for is used', async () => {
    const file = await bench.write('tagged.jpg', noisePicture({ ...canvas, channels: 3, depth: 8 }, 5, { exif: exifBlock(1), icc: rgbProfile(DISPLAY_P3) }))
    const layers = [{ kind: 'image', picture: file }]
    const result = await bench.run({ task: 'compose', canvas, base: file, layers, out: bench.at('bare.jpg'), metadata: false, quality: 40 })
    const bare = await bench.open('bare.jpg')
    expect(bare.metadata.exif).toBeUndefined()
    expect(bare.metadata.icc).toBeDefined()
    expect(result['bytes']).toBeLessThan(fs.statSync(file).size / 2)
  })
})

describe('what must not change', () => {
  it.each([
    ['16 bits in Display P3', { depth: 16, channels: 3 }, rgbProfile(DISPLAY_P3)],
    ['8 bits in Adobe RGB', { depth: 8, channels: 3 }, rgbProfile(ADOBE_RGB)],
    ['16 bits in a profile of tables, with alpha', { depth: 16, channels: 4 }, tableProfile()],
    ['16-bit grey with a profile', { depth: 16, channels: 1 }, greyProfile(1.8)],
    ['8-bit grey with alpha', { depth: 8, channels: 2 }, undefined],
  ] as const)('an edit result cut out as a patch gives the edit back bit for bit: %s', async (_name, layout, icc) => {
    const metadata = icc ? { icc } : {}
    const before = noisePicture({ ...canvas, ...layout }, 6, metadata)
    const after = copyPicture(before)
    for (let y = 60; y < 200; y++) for (let x = 41; x < 233; x++) if ((x * y) % 3 !== 0) for (let c = 0; c < layout.channels; c++) after.samples[(y * canvas.width + x) * layout.channels + c] = (x * 131 + y * 57 + c * 999) % (layout.depth === 16 ? 65536 : 256)
    const [a, b] = [await bench.write('before.png', before), await bench.write('after.png', after)]
    const patch = await bench.run({ task: 'patch', before: a, after: b, out: bench.at('patch.png'), maskOut: bench.at('patch-mask.png') })
    const box = patch['box'] as { x: number; y: number }
    const layers = [
      { kind: 'image', picture: a },
      { kind: 'edit-result', picture: bench.at('patch.png'), mask: bench.at('patch-mask.png'), transform: [1, 0, 0, 1, box.x, box.y] },
    ]
    await bench.run({ task: 'compose', canvas, base: a, layers, out: bench.at('composed.png') })
    const composed = await bench.open('composed.png')
    expect([composed.channels, composed.depth]).toEqual([layout.channels, layout.depth])
    expect([...composed.samples]).toEqual([...after.samples])
    expect(composed.metadata.icc ? Buffer.from(composed.metadata.icc).equals(icc!) : icc).toBe(icc ? true : undefined)
  })

  it('a soft mask, a group and a painted stroke change nothing outside themselves, at 16 bits with a wide profile', async () => {
    const base = noisePicture({ ...canvas, channels: 3, depth: 16 }, 7, { icc: rgbProfile(DISPLAY_P3) })
    const file = await bench.write('wide.png', base)
    const other = await bench.write('other.png', noisePicture({ ...canvas, channels: 3, depth: 8 }, 8))
    const soft = await bench.mask('soft.png', canvas.width, canvas.height, (x, y) => Math.max(0, 255 - 4 * Math.hypot(x - 90, y - 90)))
    const stroke = bench.tiles('stroke.tiles', 'rgba8', [[0, 0], [1, 0]], (x, y) => (Math.hypot(x - 250, y - 60) < 20 ? [200, 30, 30, 180] : [0, 0, 0, 0]))
    const layers = [
      { kind: 'image', picture: file, tiles: stroke },
      { kind: 'group', opacity: 0.7, blend: 'overlay', children: [{ kind: 'image', picture: other, mask: soft, blend: 'multiply' }] },
    ]
    await bench.run({ task: 'compose', canvas, base: file, layers, out: bench.at('composed.png') })
    const allowed = Uint8Array.from({ length: canvas.width * canvas.height }, (_, i) => {
      const [x, y] = [i % canvas.width, Math.floor(i / canvas.width)]
      return Math.hypot(x - 90, y - 90) < 64 || Math.hypot(x - 250, y - 60) < 20 ? 255 : 0
    })
    const composed = await bench.open('composed.png')
    expect(countChangedOutside(base, composed, { box: { x: 0, y: 0, ...canvas }, data: allowed })).toBe(0)
    expect(countChangedOutside(base, composed, { box: { x: 0, y: 0, ...canvas }, data: new Uint8Array(allowed.length) })).toBeGreaterThan(10_000)
  })

  it('flips, quarter turns and whole moves only rearrange', async () => {
    const wide = await bench.open('wide.png')
    const file = bench.at('wide.png')
    const turned = { width: 280, height: 300 }
    await bench.run({ task: 'compose', canvas: turned, base: file, layers: [{ kind: 'image', picture: file, transform: [0, 1, -1, 0, 280, 0] }], out: bench.at('turned.png') })
    const quarter = await bench.open('turned.png')
    for (const [x, y] of [[0, 0], [299, 0], [7, 133], [123, 279]] as const) expect(pixelAt(quarter, 279 - y, x)).toEqual(pixelAt(wide, x, y))
    await bench.run({ task: 'compose', canvas: turned, base: bench.at('turned.png'), layers: [{ kind: 'image', picture: bench.at('turned.png'), transform: [0, -1, 1, 0, 0, 280] }], out: bench.at('back.png'), box: { x: 0, y: 0, width: 280, height: 280 } })
    const back = await bench.open('back.png')
    for (const [x, y] of [[0, 0], [199, 100], [279, 279]] as const) expect(pixelAt(back, x, y)).toEqual(pixelAt(wide, x, y))
  })
})

describe('layers', () => {
  it('follow the compositing formula, opacity and mask together', async () => {
    const [below, above] = [await flat('below.png', [0.2, 0.6, 1]), await flat('above.png', [0.5, 0.8, 0.1])]
    const half = await bench.mask('half.png', canvas.width, canvas.height, (x) => (x < 150 ? 128 : 0))
    await compose([{ kind: 'image', picture: below }, { kind: 'image', picture: above, blend: 'multiply', opacity: 0.5, mask: half }])
    const out = await bench.open('out.png')
    // below (51, 153, 255), above (128, 204, 26): B = b s / 255, alpha = 0.5 * 128 / 255
    const alpha = (0.5 * 128) / 255
    expect(pixelAt(out, 10, 10)).toEqual([51, 153, 255].map((b, c) => Math.round(b + alpha * ((b * [128, 204, 26][c]!) / 255 - b))))
    expect(pixelAt(out, 200, 10)).toEqual([51, 153, 255])
  })

  it('hidden, fully transparent and selection layers do not show and are not even opened', async () => {
    const missing = bench.at('not-there.png')
    await compose([{ kind: 'image', picture: source }, { kind: 'image', picture: missing, visible: false }, { kind: 'mask', picture: missing }, { kind: 'image', picture: missing, opacity: 0 }, { kind: 'group', visible: false, children: [{ kind: 'image', picture: missing }] }])
    expect(fs.readFileSync(bench.at('out.png')).equals(fs.readFileSync(source))).toBe(true)
  })

  it('groups are isolated: a blend mode inside sees only the group', async () => {
    const [below, inner] = [await flat('below.png', [1, 1, 1]), await flat('inner.png', [0.4, 0.4, 0.4])]
    await compose([{ kind: 'image', picture: below }, { kind: 'group', children: [{ kind: 'image', picture: inner, blend: 'difference' }] }])
    expect(pixelAt(await bench.open('out.png'), 5, 5)).toEqual([102, 102, 102])
    await compose([{ kind: 'image', picture: below }, { kind: 'image', picture: inner, blend: 'difference' }])
    expect(pixelAt(await bench.open('out.png'), 5, 5)).toEqual([153, 153, 153])
  })

  it("a group's transform moves what it holds, and its mask lies in its own coordinates", async () => {
    const patch = await flat('patch.png', [1, 0, 0], { width: 20, height: 20 })
    const mask = await bench.mask('group-mask.png', 20, 20, (x) => (x < 10 ? 255 : 0))
    await compose([{ kind: 'image', picture: source }, { kind: 'group', transform: [1, 0, 0, 1, 100, 50], mask, children: [{ kind: 'image', picture: patch, transform: [1, 0, 0, 1, 0, 5] }] }])
    const [out, before] = [await bench.open('out.png'), await bench.open('source.png')]
    expect(pixelAt(out, 100, 55)).toEqual([255, 0, 0])
    expect(pixelAt(out, 109, 69)).toEqual([255, 0, 0])
    for (const [x, y] of [[110, 60], [99, 60], [100, 54], [100, 70]] as const) expect(pixelAt(out, x, y)).toEqual(pixelAt(before, x, y))
  })

  it('painted tiles lie over the picture with their alpha; mask tiles take the place of the mask', async () => {
    const below = await flat('below.png', [0.2, 0.4, 0.6])
    const paint = bench.tiles('paint.tiles', 'rgba8', [[0, 0], [1, 1]], (x, y) => (x === 3 && y === 4 ? [255, 0, 0, 255] : x === 260 && y === 260 ? [255, 255, 255, 128] : [9, 9, 9, 0]))
    await compose([{ kind: 'image', picture: below, tiles: paint }])
    const out = await bench.open('out.png')
    expect(pixelAt(out, 3, 4)).toEqual([255, 0, 0])
    expect(pixelAt(out, 260, 260)).toEqual([51, 102, 153].map((b) => Math.round(b + (128 / 255) * (255 - b))))
    expect(pixelAt(out, 100, 100)).toEqual([51, 102, 153])

    const white = await bench.mask('white.png', canvas.width, canvas.height, () => 255)
    const maskTiles = bench.tiles('mask.tiles', 'grey8', [[0, 0]], (x) => [x < 10 ? 255 : 0])
    await compose([{ kind: 'image', picture: source }, { kind: 'image', picture: below, mask: white, maskTiles }])
    const masked = await bench.open('out.png')
    expect(pixelAt(masked, 5, 5)).toEqual([51, 102, 153])
    expect(pixelAt(masked, 50, 50)).toEqual(pixelAt(await bench.open('source.png'), 50, 50))
    expect(pixelAt(masked, 280, 20)).toEqual([51, 102, 153])
  })

  it('a paint layer keeps tiles at negative places and is moved by its transform', async () => {
    const paint = bench.tiles('negative.tiles', 'rgba16', [[-1, -1]], (x, y) => (x === -1 && y === -1 ? [65535, 32768, 0, 65535] : [0, 0, 0, 0]))
    const base = await bench.write('deep.png', noisePicture({ ...canvas, channels: 3, depth: 16 }, 9))
    await bench.run({ task: 'compose', canvas, base, layers: [{ kind: 'image', picture: base }, { kind: 'paint', tiles: paint, transform: [1, 0, 0, 1, 31, 41] }], out: bench.at('out.png') })
    const [out, before] = [await bench.open('out.png'), await bench.open('deep.png')]
    expect(pixelAt(out, 30, 40)).toEqual([65535, 32768, 0])
    expect(pixelAt(out, 31, 40)).toEqual(pixelAt(before, 31, 40))
  })
})

describe('colour', () => {
  it("paint in sRGB becomes the base's profile: red of sRGB is a tamer red in Adobe RGB", async () => {
    const base = await bench.write('adobe.png', noisePicture({ ...canvas, channels: 3, depth: 8 }, 10, { icc: rgbProfile(ADOBE_RGB) }))
    const paint = bench.tiles('red.tiles', 'rgba8', [[0, 0]], () => [255, 0, 0, 255])
    await bench.run({ task: 'compose', canvas, base, layers: [{ kind: 'image', picture: base }, { kind: 'paint', tiles: paint }], out: bench.at('out.png') })
    // 0.71512 linear in Adobe RGB, encoded by 1 / 2.19921875: 219; the others 0 but for the rounding of the primaries
    const [red, green, blue] = pixelAt(await bench.open('out.png'), 5, 5)
    expect(red).toBe(219)
    expect(Math.max(green!, blue!)).toBeLessThanOrEqual(1)
  })

  it('a layer in another wide profile goes straight across, not through sRGB, whose gamut would cut it off', async () => {
    const base = await bench.write('p3.png', noisePicture({ ...canvas, channels: 3, depth: 16 }, 11, { icc: rgbProfile(DISPLAY_P3) }))
    const green = pictureFromSamples(new Uint16Array(canvas.width * canvas.height * 3).fill(0).map((_, i) => (i % 3 === 1 ? 60_000 : 20_000)), { ...canvas, channels: 3 }, { metadata: { icc: rgbProfile(ADOBE_RGB) } })
    const layer = await bench.write('green.tif', green)
    await bench.run({ task: 'compose', canvas, base, layers: [{ kind: 'image', picture: base }, { kind: 'image', picture: layer }], out: bench.at('out.png') })
    // by the profiles' own numbers: decode, Adobe RGB to XYZ, XYZ to P3, encode
    const light = [20_000, 60_000, 20_000].map((value) => (value / 65535) ** 2.19921875)
    const times = (m: readonly number[], v: readonly number[]): number[] => [0, 1, 2].map((r) => m[3 * r]! * v[0]! + m[3 * r + 1]! * v[1]! + m[3 * r + 2]! * v[2]!)
    const wanted = times(invertMatrix(DISPLAY_P3.toXyz as unknown as Matrix3), times(ADOBE_RGB.toXyz, light)).map((value) => 65535 * encodeSrgb(value))
    const got = pixelAt(await bench.open('out.png'), 5, 5)
    wanted.forEach((value, c) => expect(Math.abs(got[c]! - value)).toBeLessThan(20))
    // the way through sRGB would have cut its negative red off
    const srgb = await toSrgb(Float32Array.from([20_000, 60_000, 20_000], (value) => value / 65535), { width: 1, height: 1, channels: 3 }, rgbProfile(ADOBE_RGB))
    const detour = await fromSrgb(srgb, { width: 1, height: 1, channels: 3 }, rgbProfile(DISPLAY_P3))
    expect(Math.abs(65535 * detour[0]! - wanted[0]!)).toBeGreaterThan(1000)
  })

  it('a grey base stays grey under grey, and becomes colour when something coloured is put on it', async () => {
    const base = await bench.write('grey.png', noisePicture({ ...canvas, channels: 1, depth: 8 }, 12))
    const strokes = (name: string, pixel: readonly number[]): string => bench.tiles(name, 'rgba8', [[0, 0]], (x) => (x < 5 ? pixel : [0, 0, 0, 0]))
    const run = (tiles: string) => bench.run({ task: 'compose', canvas, base, layers: [{ kind: 'image', picture: base }, { kind: 'paint', tiles }], out: bench.at('out.png') })
    await run(strokes('neutral.tiles', [70, 70, 70, 255]))
    const neutral = await bench.open('out.png')
    expect([neutral.channels, ...pixelAt(neutral, 2, 2)]).toEqual([1, 70])
    await run(strokes('coloured.tiles', [200, 30, 30, 255]))
    const [coloured, before] = [await bench.open('out.png'), await bench.open('grey.png')]
    expect(pixelAt(coloured, 2, 2)).toEqual([200, 30, 30])
    const value = pixelAt(before, 100, 100)[0]!
    expect(pixelAt(coloured, 100, 100)).toEqual([value, value, value])
  })

  it('a canvas larger than its picture is transparent around it, or has the background asked for', async () => {
    const large = { width: 320, height: 280 }
    const layers = [{ kind: 'image', picture: source }]
    await bench.run({ task: 'compose', canvas: large, base: source, layers, out: bench.at('out.png') })
    const clear = await bench.open('out.png')
    expect([clear.channels, ...pixelAt(clear, 310, 5)]).toEqual([4, 0, 0, 0, 0])
    expect(pixelAt(clear, 5, 5)).toEqual([...pixelAt(await bench.open('source.png'), 5, 5), 255])
    await bench.run({ task: 'compose', canvas: { ...large, background: '#336699' }, base: source, layers, out: bench.at('out.png') })
    const filled = await bench.open('out.png')
    expect([filled.channels, ...pixelAt(filled, 310, 5)]).toEqual([3, 0x33, 0x66, 0x99])
  })
})

describe('bad input', () => {
  it('is told in one sentence, and nothing is written', async () => {
    const out = bench.at('never.png')
    await expect(compose([{ kind: 'image', picture: bench.at('gone.png') }], { out })).rejects.toMatchObject({ code: 'picture/not-found', exitCode: 2 })
    await expect(compose([{ kind: 'image', tiles: source }], { out })).rejects.toMatchObject({ code: 'tiles/damaged', exitCode: 2 })
    await expect(compose([], { out, box: { x: 10, y: 0, width: 300, height: 10 } })).rejects.toMatchObject({ code: 'document/box', exitCode: 2 })
    await expect(compose([{ kind: 'image', picture: source, children: [{ kind: 'image' }] }], { out })).rejects.toMatchObject({ code: 'document/group' })
    await expect(compose([], { out, canvas: { width: 20_000, height: 20_000 } })).rejects.toMatchObject({ code: 'document/too-large', exitCode: 2 })
    const deep = Array.from({ length: 40 }).reduce<object>((inner) => ({ kind: 'group', children: [inner] }), { kind: 'image' })
    await expect(compose([deep], { out })).rejects.toMatchObject({ code: 'document/too-deep', exitCode: 2 })
    const masks = bench.tiles('grey.tiles', 'grey8', [[0, 0]], () => [255])
    await expect(compose([{ kind: 'paint', tiles: masks }], { out })).rejects.toMatchObject({ code: 'tiles/kind', exitCode: 2 })
    expect(fs.existsSync(out)).toBe(false)
  })
})
