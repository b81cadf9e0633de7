/** Documents in a real project with the engine's real pixel work: making, changing, reading tiles, masks, export. */
import fs from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { describe, expect, it } from 'vitest'
import type { DocumentChange, DocumentView } from '../../../../preload/contract/documents.ts'
import { brushMask, hostRig, sampleDocument, whiteBox } from '../../../support/hostRig.ts'

const rig = hostRig()

type Which = { readonly project: string; readonly document: number }
async function change(which: Which, view: DocumentView, wish: DocumentChange): Promise<DocumentView> {
  return rig.call('document.change', { ...which, base: view.head, change: wish })
}
async function tile(which: Which, layer: number, plane: 'pixels' | 'mask', x = 0, y = 0, level = 0): Promise<Uint8Array | null> {
  return (await rig.call('tiles.read', { ...which, tiles: [{ layer, plane, level, x, y }] })).tiles[0]!.bytes
}
/** The document as 8-bit samples through the engine, composed as an export is. */
async function exported(which: Which): Promise<Uint8Array> {
  const { target } = await rig.call('files.download', { name: 'out.png' })
  await rig.call('document.export', { ...which, target, format: { type: 'png', recipe: false } })
  return (await rig.call('files.fetch', { target, offset: 0 })).bytes
}

describe('a new document', () => {
  it('of the sample has one layer with its picture, knows what it was opened from, and gives the picture back unchanged', async () => {
    const { view, which } = await sampleDocument(rig)
    expect(view).toMatchObject({ canvas: { width: 384, height: 256 }, source: { name: 'meadow.png', format: 'png', depth: 8 }, undo: null, redo: null, activeMask: null })
    expect(view.layers).toMatchObject([{ kind: 'image', size: { width: 384, height: 256 }, extent: { x: 0, y: 0, width: 384, height: 256 }, hasMask: false }])
    const { target } = await rig.call('files.download', { name: 'same.png' })
    await rig.call('document.export', { ...which, target, format: { type: 'png' } })
    const { bytes } = await rig.call('files.fetch', { target, offset: 0 })
    expect(Buffer.from(bytes).equals(fs.readFileSync('models/samples/meadow.png'))).toBe(true)
  })

  it('that is blank has a background and a layer to paint on', async () => {
    const { project } = await rig.call('projects.create', { name: 'Blank' })
    const view = await rig.call('documents.create', { project, blank: { width: 300, height: 200, colour: '#ff0000' } })
    expect(view).toMatchObject({ canvas: { width: 300, height: 200 }, source: null, layers: [{ kind: 'paint', extent: null, size: null }] })
    const copied = await rig.call('document.copy', { project, document: view.document, layer: null, box: { x: 0, y: 0, width: 1, height: 1 }, masked: false })
    expect(copied.media).toBe('image/png')
  })

  it('of a broken file is refused in one sentence without a path, and nothing is made', async () => {
    const { project } = await rig.call('projects.create', { name: 'Broken' })
    const file = path.join(rig.home, 'broken.png')
    fs.writeFileSync(file, 'no picture at all')
    const { file: id } = await rig.host.registerFile(file)
    const error = await rig.refused('documents.create', { project, file: id })
    expect(error).toMatchObject({ exitCode: 2 })
    expect(error!.message).toContain('broken.png')
    expect(error!.message).not.toContain(rig.home)
    expect((await rig.call('projects.view', { project })).documents).toEqual([])
  })

  it('of a folder or an empty file is refused', async () => {
    const { project } = await rig.call('projects.create', { name: 'Odd' })
    const empty = path.join(rig.home, 'empty.png')
    fs.writeFileSync(empty, '')
    expect(await rig.refused('documents.create', { project, file: (await rig.host.registerFile(rig.home)).file })).toMatchObject({ code: 'file/folder', exitCode: 2 })
    expect(await rig.refused('documents.create', { project, file: (await rig.host.registerFile(empty)).file })).toMatchObject({ exitCode: 2 })
  })
})

describe('display tiles', () => {
  it('of a picture come at every level, those beyond it are empty', async () => {
    const { view, which } = await sampleDocument(rig, 'Tiles')
    const layer = view.layers[0]!.id
    const full = await tile(which, layer, 'pixels')
    expect(full).toHaveLength(256 * 256 * 4)
    expect(full![3]).toBe(255)
    const half = await tile(which, layer, 'pixels', 0, 0, 1)
    // 384 x 256 at half size is 192 x 128: the rest of the tile is empty
    expect([half![3], half![(127 * 256 + 191) * 4 + 3], half![(127 * 256 + 192) * 4 + 3], half![(128 * 256) * 4 + 3]]).toEqual([255, 255, 0, 0])
    const mean = (channel: number): number => Math.round((full![channel]! + full![4 + channel]! + full![1024 + channel]! + full![1028 + channel]!) / 4)
    expect(Math.abs(half![0]! - mean(0))).toBeLessThanOrEqual(1)
    expect(await tile(which, layer, 'pixels', 5, 5)).toBeNull()
    expect(await tile(which, 999, 'pixels')).toBeNull()
  })

  it('show what is painted at once and at every level, and undo takes it back', async () => {
    const { project } = await rig.call('projects.create', { name: 'Paint' })
    const view = await rig.call('documents.create', { project, blank: { width: 600, height: 600, colour: null } })
    const which = { project, document: view.document }
    const layer = view.layers[0]!.id
    const red = new Uint8Array(256 * 256 * 4)
    for (let i = 0; i < red.length; i += 4) red.set([255, 0, 0, 255], i)
    await rig.call('stroke.commit', { ...which, stroke: null, start: { layer, plane: 'pixels', title: 'Brush', tool: 'brush' }, tiles: [{ x: 1, y: 1, bytes: red }] })
    expect(await tile(which, layer, 'pixels')).toBeNull()
    expect([...(await tile(which, layer, 'pixels', 1, 1))!.subarray(0, 4)]).toEqual([255, 0, 0, 255])
    const half = (await tile(which, layer, 'pixels', 0, 0, 1))!
    expect([[...half.subarray(0, 4)], [...half.subarray((128 * 256 + 128) * 4, (128 * 256 + 128) * 4 + 4)]]).toEqual([[0, 0, 0, 0], [255, 0, 0, 255]])
    const back = await rig.call('history.undo', which)
    expect(back).toMatchObject({ undo: null, redo: 'Brush' })
    expect(await tile(which, layer, 'pixels', 1, 1)).toBeNull()
    expect(await tile(which, layer, 'pixels', 0, 0, 1)).toBeNull()
  })

  it('are told exactly when they change', async () => {
    const { which } = await sampleDocument(rig, 'Told')
    const told = rig.next('document.changed', ({ cause }) => cause === 'stroke')
    const view = await brushMask(rig, which)
    expect(await told).toEqual({ view, cause: 'stroke', tiles: [{ layer: view.activeMask, plane: 'pixels', tiles: null }] })
    const again = rig.next('document.changed', ({ cause }) => cause === 'stroke')
    await brushMask(rig, which, whiteBox(0, 0, 10, 10))
    expect((await again).tiles).toEqual([{ layer: view.activeMask, plane: 'pixels', tiles: [[0, 0]] }])
  })
})

describe('thumbnails', () => {
  it('of the step where the document stands come by themselves when it has stood still, for the history and the lists', async () => {
    const { which } = await sampleDocument(rig, 'Thumbnails')
    const made = rig.next('history.changed', ({ project }) => project === which.project)
    const view = await brushMask(rig, which)
    await made
    const { operations } = await rig.call('history.list', which)
    expect(operations[1]).toMatchObject({ id: view.head, thumbnail: expect.any(String) as string })
    // and the step that was passed too quickly has its own soon after
    await expect.poll(async () => (await rig.call('history.list', which)).operations.map(({ thumbnail }) => thumbnail !== null), { timeout: 10_000 }).toEqual([true, true])
    const { bytes, media } = await rig.call('media.read', { key: operations[1]!.thumbnail! })
    expect([media, Buffer.from(bytes.subarray(8, 12)).toString('latin1')]).toEqual(['image/webp', 'WEBP'])
    const { documents } = await rig.call('projects.view', { project: which.project })
    expect(documents[0]!.thumbnail).toBe(operations[1]!.thumbnail)
  })
})

describe('painting on a picture', () => {
  it('keeps every sample of the picture that was not painted', async () => {
    const { view, which } = await sampleDocument(rig, 'Over')
    const layer = view.layers[0]!.id
    const before = await rig.call('document.copy', { ...which, layer: null, box: null, masked: false })
    const wanted = Uint8Array.from((await tile(which, layer, 'pixels'))!)
    for (let y = 20; y < 30; y++) for (let x = 20; x < 30; x++) wanted.set([1, 2, 3, 255], (y * 256 + x) * 4)
    await rig.call('stroke.commit', { ...which, stroke: null, start: { layer, plane: 'pixels', title: 'Brush', tool: 'brush' }, tiles: [{ x: 0, y: 0, bytes: wanted }] })
    expect(Buffer.from((await tile(which, layer, 'pixels'))!).equals(Buffer.from(wanted))).toBe(true)
    const files = await Promise.all([before.bytes, await exported(which)].map(async (bytes, index) => {
      const file = path.join(rig.home, `over-${index}.png`)
      fs.writeFileSync(file, bytes)
      return (await rig.host.registerFile(file)).file
    }))
    expect(files).toHaveLength(2)
    const { operations } = await rig.call('history.list', which)
    const compared = await rig.call('history.compare', { ...which, a: operations[0]!.id, b: operations[1]!.id })
    expect(compared).toMatchObject({ changedPixels: 100, box: { x: 20, y: 20, width: 10, height: 10 } })
  })
})

describe('changes of layers', () => {
  it('add, place, name, hide, group, duplicate and remove, each one step that undo takes back', async () => {
    const { view: first, which } = await sampleDocument(rig, 'Layers')
    const picture = first.layers[0]!.id
    let view = await change(which, first, { change: 'layer.add', kind: 'paint', above: null })
    const paint = view.layers[1]!.id
    view = await change(which, view, { change: 'layer.set', layer: paint, set: { name: 'Ink', opacity: 0.5, blend: 'multiply', visible: false } })
    expect(view.layers[1]).toMatchObject({ name: 'Ink', opacity: 0.5, blend: 'multiply', visible: false })
    view = await change(which, view, { change: 'layer.place', layer: paint, parent: null, index: 0 })
    expect(view.layers.map(({ id, position }) => [id, position])).toEqual([[paint, 0], [picture, 1]])
    view = await change(which, view, { change: 'layer.add', kind: 'group', above: null })
    const group = view.layers.find(({ kind }) => kind === 'group')!.id
    view = await change(which, view, { change: 'layer.place', layer: paint, parent: group, index: 0 })
    expect(view.layers.map(({ id }) => id)).toEqual([picture, paint, group])
    view = await change(which, view, { change: 'layer.duplicate', layer: group })
    expect(view.layers).toHaveLength(5)
    expect(view.layers.filter(({ parent }) => parent !== null).map(({ name }) => name)).toEqual(['Ink', 'Ink'])
    view = await change(which, view, { change: 'layer.remove', layers: [group] })
    expect(view.layers).toHaveLength(3)
    expect(view.layers.map(({ parent, position }) => (parent === null ? position : 'in'))).toEqual([0, 'in', 1])
    for (let steps = 0; steps < 7; steps++) view = await rig.call('history.undo', which)
    expect(view.layers).toEqual(first.layers)
  })

  it('group several layers and move them together, each in one step, where they were in the picture', async () => {
    const { view: first, which } = await sampleDocument(rig, 'Groups')
    const picture = first.layers[0]!.id
    let view = await change(which, first, { change: 'layer.add', kind: 'paint', above: null })
    const paint = view.layers[1]!.id
    const grouped = await change(which, view, { change: 'layer.add', kind: 'group', above: paint, contents: [paint, picture] })
    const group = grouped.layers.find(({ kind }) => kind === 'group')!.id
    expect(grouped.undo).toBe('Group layers')
    expect(grouped.layers.map(({ id, parent, position }) => [id, parent, position])).toEqual([[picture, group, 0], [paint, group, 1], [group, null, 0]])
    const before = await rig.call('document.pick', { ...which, x: 100, y: 100 })
    view = await change(which, grouped, { change: 'layer.transform', layer: group, transform: [1, 0, 0, 1, 40, 20] })
    expect((await rig.call('document.pick', { ...which, x: 140, y: 120 })).colour).toBe(before.colour)
    view = await change(which, view, { change: 'layers.transform', transforms: [{ layer: picture, transform: [1, 0, 0, 1, -40, 0] }, { layer: paint, transform: [1, 0, 0, 1, -40, 0] }] })
    expect(view.undo).toBe('Transform 2 layers')
    expect((await rig.call('document.pick', { ...which, x: 100, y: 120 })).colour).toBe(before.colour)
    view = await rig.call('history.undo', which)
    expect(view.layers.find(({ id }) => id === picture)!.transform).toEqual([1, 0, 0, 1, 0, 0])
    view = await rig.call('history.undo', which)
    view = await rig.call('history.undo', which)
    expect(view.layers.map(({ id, parent }) => [id, parent])).toEqual([[picture, null], [paint, null]])
    expect(await rig.refused('document.change', { ...which, base: view.head, change: { change: 'layers.transform', transforms: [{ layer: paint, transform: [0, 0, 0, 0, 0, 0] }] } })).toMatchObject({ code: 'layer/flat' })
  })

  it('of a group come out with all it holds, and an earlier state as it was then', async () => {
    const { view: first, which } = await sampleDocument(rig, 'Dragged')
    const picture = first.layers[0]!.id
    const written = async (of: Parameters<typeof rig.call<'document.picture'>>[1]['of']): Promise<Buffer> => {
      const { target } = await rig.call('files.download', { name: 'dragged.png' })
      await rig.call('document.picture', { ...which, target, of })
      return Buffer.from((await rig.call('files.fetch', { target, offset: 0 })).bytes)
    }
    const alone = await written({ what: 'layer', layer: picture })
    const grouped = await change(which, first, { change: 'layer.add', kind: 'group', above: picture, contents: [picture] })
    const group = grouped.layers.find(({ kind }) => kind === 'group')!.id
    const pixels = (file: Buffer): Promise<Buffer> => sharp(file).ensureAlpha().raw().toBuffer()
    expect((await pixels(await written({ what: 'layer', layer: group }))).equals(await pixels(alone))).toBe(true)
    const step = await written({ what: 'step', operation: first.head })
    await change(which, grouped, { change: 'canvas.turn', quarters: 1 })
    expect((await written({ what: 'step', operation: first.head })).equals(step)).toBe(true)
    expect([step.readUInt32BE(16), step.readUInt32BE(20)]).toEqual([384, 256])
    expect(await rig.refused('document.picture', { ...which, target: (await rig.call('files.download', { name: 'none.png' })).target, of: { what: 'result', operation: first.head, ordinal: 3 } })).toMatchObject({ code: 'staging/no-result', exitCode: 2 })
  })

  it('refuse a group inside itself, a locked layer to paint on, and a change of another state than the one that was seen', async () => {
    const { view: first, which } = await sampleDocument(rig, 'Refused')
    let view = await change(which, first, { change: 'layer.add', kind: 'group', above: null })
    const group = view.layers.find(({ kind }) => kind === 'group')!.id
    expect(await rig.refused('document.change', { ...which, base: view.head, change: { change: 'layer.place', layer: group, parent: group, index: 0 } })).toMatchObject({ code: 'layer/inside-itself' })
    expect(await rig.refused('document.change', { ...which, base: first.head, change: { change: 'canvas.flip', axis: 'vertical' } })).toMatchObject({ code: 'document/stale', exitCode: 2 })
    view = await change(which, view, { change: 'layer.set', layer: view.layers[0]!.id, set: { locked: true } })
    expect(await rig.refused('stroke.begin', { ...which, start: { layer: view.layers[0]!.id, plane: 'pixels', title: 'Brush', tool: 'brush' } })).toMatchObject({ code: 'stroke/locked' })
    expect(await rig.refused('document.change', { ...which, base: view.head, change: { change: 'layer.remove', layers: [4711] } })).toMatchObject({ code: 'document/no-layer' })
  })

  it('import a picture as a layer and merge it with what is below', async () => {
    const { view: first, which } = await sampleDocument(rig, 'Merge')
    const { file } = await rig.host.registerFile(path.resolve('models/samples/meadow-mask.png'))
    let view = await change(which, first, { change: 'layer.import', file, above: null })
    expect(view.layers[1]).toMatchObject({ name: 'meadow-mask', kind: 'image' })
    view = await change(which, view, { change: 'layer.merge', layers: view.layers.map(({ id }) => id) })
    expect(view.layers).toMatchObject([{ kind: 'image', size: { width: 384, height: 256 }, transform: [1, 0, 0, 1, 0, 0] }])
    expect(await tile(which, view.layers[0]!.id, 'pixels')).toHaveLength(256 * 256 * 4)
  })
})

describe('changes of the canvas', () => {
  it('move, scale and turn the layers and resample nothing: four quarter turns give the very same picture', async () => {
    const { view: first, which } = await sampleDocument(rig, 'Turns')
    const before = await exported(which)
    let view = first
    for (let turns = 0; turns < 4; turns++) view = await change(which, view, { change: 'canvas.turn', quarters: 1 })
    expect(view.layers[0]!.transform).toEqual([1, 0, 0, 1, 0, 0])
    view = await change(which, view, { change: 'canvas.flip', axis: 'horizontal' })
    expect(view.layers[0]!.transform).toEqual([-1, 0, 0, 1, 384, 0])
    view = await change(which, view, { change: 'canvas.flip', axis: 'horizontal' })
    view = await change(which, view, { change: 'canvas.resize', width: 400, height: 300, offsetX: 8, offsetY: 44 })
    expect(view).toMatchObject({ canvas: { width: 400, height: 300 }, layers: [{ transform: [1, 0, 0, 1, 8, 44] }] })
    view = await change(which, view, { change: 'canvas.crop', box: { x: 8, y: 44, width: 384, height: 256 }, degrees: 0 })
    const after = await exported(which)
    expect(Buffer.from(after).equals(Buffer.from(before))).toBe(true)
    view = await change(which, view, { change: 'canvas.scale', width: 192, height: 128 })
    expect(view).toMatchObject({ canvas: { width: 192, height: 128 }, layers: [{ transform: [0.5, 0, 0, 0.5, 0, 0] }] })
  })
})

describe('masks', () => {
  const white = (bytes: Uint8Array | null): number => (bytes ?? new Uint8Array()).reduce((sum, value) => sum + (value === 255 ? 1 : 0), 0)

  it('are inverted, grown, cleared, selected and joined in canvas pixels, and stay in force', async () => {
    const { which } = await sampleDocument(rig, 'Masks')
    let view = await brushMask(rig, which)
    const mask = view.activeMask!
    const seen = async (): Promise<number> => white(await tile(which, mask, 'pixels')) + white(await tile(which, mask, 'pixels', 1, 0))
    expect(await seen()).toBe(3600)
    view = await change(which, view, { change: 'mask.edit', layer: mask, edit: { op: 'grow', pixels: 2 } })
    expect(await seen()).toBeGreaterThan(3600)
    view = await rig.call('history.undo', which)
    expect([await seen(), view.activeMask]).toEqual([3600, mask])
    view = await change(which, view, { change: 'mask.edit', layer: mask, edit: { op: 'invert' } })
    expect(await seen()).toBe(384 * 256 - 3600)
    view = await change(which, view, { change: 'mask.edit', layer: mask, edit: { op: 'all' } })
    expect(await seen()).toBe(384 * 256)
    view = await change(which, view, { change: 'mask.edit', layer: mask, edit: { op: 'clear' } })
    expect([await seen(), await tile(which, mask, 'pixels')]).toEqual([0, null])
    const { file } = await rig.host.registerFile(path.resolve('models/samples/meadow-mask.png'))
    view = await change(which, view, { change: 'mask.select', layer: null, mode: 'replace', source: { from: 'file', file, resize: true, invert: false } })
    const fromFile = await seen()
    expect(fromFile).toBeGreaterThan(100)
    view = await change(which, view, { change: 'mask.select', layer: null, mode: 'subtract', source: { from: 'file', file, resize: true, invert: false } })
    expect(await seen()).toBe(0)
    const saved = await rig.call('document.saveMask', { ...which, layer: mask, name: 'Mine' })
    expect((await rig.call('document.masks', which)).masks).toMatchObject([{ mask: saved.mask, name: 'Mine' }])
  })

  it('made of a layer that was moved cover what the layer covers', async () => {
    const { view: first, which } = await sampleDocument(rig, 'Alpha')
    const layer = first.layers[0]!.id
    let view = await change(which, first, { change: 'layer.transform', layer, transform: [1, 0, 0, 1, 100, 0] })
    view = await change(which, view, { change: 'mask.select', layer: null, mode: 'replace', source: { from: 'layer-alpha', layer } })
    const left = (await tile(which, view.activeMask!, 'pixels'))!
    expect([left[99], left[100], left[255]]).toEqual([0, 255, 255])
    // a mask that is moved with the canvas comes to rest where it is seen when it is worked on
    view = await change(which, view, { change: 'canvas.crop', box: { x: 50, y: 0, width: 334, height: 256 }, degrees: 0 })
    view = await change(which, view, { change: 'mask.edit', layer: view.activeMask!, edit: { op: 'invert' } })
    const moved = (await tile(which, view.activeMask!, 'pixels'))!
    expect([moved[49], moved[50]]).toEqual([255, 0])
    expect(view.layers.find(({ id }) => id === view.activeMask)!.transform).toEqual([1, 0, 0, 1, 0, 0])
  })

  it('of layers begin white, take strokes, are inverted and removed', async () => {
    const { view: first, which } = await sampleDocument(rig, 'Own masks')
    const layer = first.layers[0]!.id
    let view = await change(which, first, { change: 'layer.mask', layer, set: 'add' })
    expect(view.layers[0]!.hasMask).toBe(true)
    expect(white(await tile(which, layer, 'mask'))).toBe(65536)
    const hole = new Uint8Array(65536).fill(255)
    hole.fill(0, 0, 256)
    view = await rig.call('stroke.commit', { ...which, stroke: null, start: { layer, plane: 'mask', title: 'Eraser', tool: 'eraser' }, tiles: [{ x: 0, y: 0, bytes: hole }] })
    expect((await tile(which, layer, 'mask'))![0]).toBe(0)
    expect(await rig.call('document.pick', { ...which, x: 3, y: 0 })).toMatchObject({ colour: expect.any(String) as string })
    view = await change(which, view, { change: 'layer.mask', layer, set: 'invert' })
    expect(white(await tile(which, layer, 'mask'))).toBe(256)
    view = await change(which, view, { change: 'layer.mask', layer, set: 'remove' })
    expect([view.layers[0]!.hasMask, await tile(which, layer, 'mask')]).toEqual([false, null])
  })
})
