import { describe, expect, it } from 'vitest'
import { apply, compose, rotation, scaling, translation } from '../../../../../renderer/canvas/geometry/affine.ts'
import { fittingFrame, levelling, resizedFrame } from '../../../../../renderer/canvas/tools/frame.ts'
import { movedTransform, scaleByHandle } from '../../../../../renderer/canvas/tools/move.ts'
import { FakeTool, layer, settle } from '../fakes.ts'

describe('the move tool', () => {
  it('shows the layer elsewhere while it is dragged and changes the document once', async () => {
    const tool = new FakeTool('move', { layer: 2 }).down(150, 150).move(160.4, 155).move(170, 170)
    expect(tool.machine.state).toBe('moving')
    expect(tool.transforms).toEqual([[1, 0, 0, 1, 10, 5], [1, 0, 0, 1, 20, 20]])
    expect(tool.changes).toEqual([])
    tool.up(170, 170)
    await settle()
    expect(tool.changes).toEqual([{ change: 'layer.transform', layer: 2, transform: [1, 0, 0, 1, 20, 20] }])
    expect(tool.transforms.at(-1)).toBeNull()
  })

  it('moves straight with Shift, by arrows by one and by ten', async () => {
    const tool = new FakeTool('move', { layer: 2 }).down(150, 150).move(180, 155, { shift: true })
    expect(tool.transforms).toEqual([[1, 0, 0, 1, 30, 0]])
    tool.key('Escape')
    expect(tool.transforms.at(-1)).toBeNull()
    expect(tool.key('ArrowLeft')).toBe(true)
    expect(tool.key('ArrowDown', { shift: true })).toBe(true)
    await settle()
    expect(tool.changes.map((change) => change.change === 'layer.transform' && change.transform)).toEqual([[1, 0, 0, 1, -1, 0], [1, 0, 0, 1, 0, 10]])
  })

  it('scales by its corners with even sides, and by its sides alone', () => {
    const tool = new FakeTool('move', { layer: 2 }).down(300, 200).move(500, 300)
    expect(tool.machine.state).toBe('scaling')
    const scaled = tool.transforms.at(-1)!
    expect(apply(scaled, 100, 100)).toEqual({ x: 100, y: 100 })
    expect(apply(scaled, 300, 200).x).toBeCloseTo(500, 6)
    expect(apply(scaled, 300, 200).y).toBeCloseTo(300, 6)
    const side = new FakeTool('move', { layer: 2 }).down(300, 150).move(400, 999)
    expect(apply(side.transforms.at(-1)!, 300, 200)).toEqual({ x: 400, y: 200 })
  })

  it('turns by the handle above the layer, around its middle', () => {
    const tool = new FakeTool('move', { layer: 2 }).down(200, 72).move(278, 150, { shift: true })
    expect(tool.machine.state).toBe('turning')
    const turned = tool.transforms.at(-1)!
    const middle = apply(turned, 200, 150)
    expect(middle.x).toBeCloseTo(200, 6)
    const top = apply(turned, 200, 100)
    expect(top.x).toBeCloseTo(250, 6)
    expect(top.y).toBeCloseTo(150, 6)
  })

  it('says why nothing moves', () => {
    const none = new FakeTool('move').down(150, 150)
    expect(none.notices()[0]).toContain('No layer is chosen')
    const locked = new FakeTool('move', { layer: 2 })
    locked.document = { ...locked.document, layers: [layer(2, 'paint', { locked: true })] }
    locked.down(150, 150)
    expect(locked.notices()[0]).toContain('is locked')
  })

  it('works through the transforms of groups', () => {
    const group = compose(translation(50, 0), compose(rotation(0.4), scaling(2)))
    const own = translation(7, 3)
    const moved = movedTransform(own, compose(group, own), translation(10, 20))
    const [before, after] = [apply(compose(group, own), 5, 5), apply(compose(group, moved), 5, 5)]
    expect(after.x - before.x).toBeCloseTo(10, 6)
    expect(after.y - before.y).toBeCloseTo(20, 6)
  })

  it('moves a group by the frame around all it holds, and its children stay as they are in it', async () => {
    const tool = new FakeTool('move', { layer: 5, layers: [5] })
    const group = layer(5, 'group', { extent: null, transform: translation(10, 0) as never })
    tool.document = { ...tool.document, layers: [layer(2, 'paint', { parent: 5, extent: { x: 100, y: 100, width: 100, height: 100 } }), layer(3, 'paint', { parent: 5, extent: { x: 300, y: 150, width: 50, height: 200 } }), group] }
    tool.down(220, 250) // between its children, inside of its frame
    expect(tool.machine.state).toBe('moving')
    tool.move(250, 260).up(250, 260)
    await settle()
    expect(tool.changes).toEqual([{ change: 'layer.transform', layer: 5, transform: [1, 0, 0, 1, 40, 10] }])
  })

  it('moves, scales and turns several layers together with one change; a layer in a chosen group goes once', async () => {
    const tool = new FakeTool('move', { layer: 3, layers: [2, 3, 5, 6] })
    tool.document = {
      ...tool.document,
      layers: [
        layer(2, 'paint', { extent: { x: 100, y: 100, width: 100, height: 100 } }), layer(3, 'paint', { extent: { x: 300, y: 100, width: 100, height: 300 } }),
        layer(6, 'paint', { parent: 5, extent: { x: 100, y: 300, width: 50, height: 100 } }), layer(5, 'group', { extent: null }),
      ],
    }
    tool.down(400, 400).move(550, 550).up(550, 550)
    await settle()
    expect(tool.changes).toHaveLength(1)
    const [change] = tool.changes
    expect(change.change).toBe('layers.transform')
    if (change.change !== 'layers.transform') return
    expect(change.transforms.map((one) => one.layer)).toEqual([2, 3, 5])
    const lands = ([index, from]: readonly [number, number]): number => apply(change.transforms[index].transform, from, from).x
    for (const index of [0, 1, 2]) expect(lands([index, 100])).toBeCloseTo(100, 6)
    expect(lands([1, 400])).toBeCloseTo(550, 6)
    expect(tool.transforms.slice(-3)).toEqual([null, null, null])
  })

  it('never scales a layer to nothing', () => {
    const frame = compose(translation(100, 100), scaling(200, 100))
    const [a, , , d] = scaleByHandle(frame, 4, { x: 100, y: 100 }, { aspect: false, middle: false })
    expect(Math.abs(a)).toBeGreaterThan(0.004)
    expect(Math.abs(d)).toBeGreaterThan(0.004)
  })
})

describe('the frame', () => {
  it('is pulled by its handles while the other side stays', () => {
    const box = { x: 100, y: 100, width: 200, height: 100 }
    expect(resizedFrame(box, 4, { x: 350, y: 260 }, null, 1)).toEqual({ x: 100, y: 100, width: 250, height: 160 })
    expect(resizedFrame(box, 0, { x: 50, y: 80 }, null, 1)).toEqual({ x: 50, y: 80, width: 250, height: 120 })
    expect(resizedFrame(box, 3, { x: 333, y: 0 }, null, 64)).toEqual({ x: 100, y: 100, width: 256, height: 100 })
    expect(resizedFrame(box, 2, { x: 500, y: 150 }, 1, 1)).toEqual({ x: 100, y: -200, width: 400, height: 400 })
    expect(resizedFrame(box, 4, { x: 0, y: 0 }, null, 8)).toMatchObject({ width: 8, height: 8 })
  })

  it('begins with the largest box of its aspect', () => {
    expect(fittingFrame({ width: 1000, height: 800 }, 1)).toEqual({ x: 100, y: 0, width: 800, height: 800 })
    expect(fittingFrame({ width: 1000, height: 800 }, null)).toEqual({ x: 0, y: 0, width: 1000, height: 800 })
  })

  it('levels a line the nearer way', () => {
    expect(levelling({ x: 0, y: 0 }, { x: 100, y: 10 })).toBeCloseTo(-5.71, 2)
    expect(levelling({ x: 0, y: 0 }, { x: -100, y: -10 })).toBeCloseTo(-5.71, 2)
    expect(levelling({ x: 0, y: 0 }, { x: 10, y: 100 })).toBeCloseTo(5.71, 2)
  })

  it('crops on Enter, expands beyond the canvas, and does nothing when nothing would change', async () => {
    const tool = new FakeTool('frame')
    tool.key('Enter')
    expect(tool.changes).toEqual([])
    tool.drag([1000, 800], [1200, 900])
    expect(tool.machine.state).toBe('idle')
    tool.key('Enter')
    expect(tool.changes).toEqual([{ change: 'canvas.crop', box: { x: 0, y: 0, width: 1200, height: 900 }, degrees: 0 }])
    await settle()
    const inside = new FakeTool('frame', { outside: false }).drag([1000, 800], [1200, 900])
    inside.key('Enter')
    expect(inside.changes).toEqual([])
  })

  it('straightens along a horizon and tells the angle with the crop', () => {
    const tool = new FakeTool('frame').drag([100, 100], [300, 120], { mod: true })
    tool.key('Enter')
    expect(tool.changes[0]).toMatchObject({ change: 'canvas.crop', degrees: expect.closeTo(-5.71, 2) as number })
    expect(tool.key('Escape')).toBe(true)
    const last = tool.events.at(-1)
    expect(last).toMatchObject({ type: 'frame', frame: { degrees: 0 } })
  })

  it('is taken back to where a drag began on Escape', () => {
    const tool = new FakeTool('frame').down(1000, 800).move(700, 600)
    tool.key('Escape')
    expect(tool.events.at(-1)).toMatchObject({ frame: { box: { width: 1000, height: 800 } } })
  })
})

describe('hand and zoom', () => {
  it('drag the view and put it back on Escape where that helps', () => {
    const hand = new FakeTool('hand').down(400, 300)
    hand.move(420, 290).up(420, 290)
    expect(hand.view.centre).toEqual({ x: 380, y: 310 })
  })

  it('zoom to the next stop by a click, out with Alt, freely by a drag', () => {
    expect(new FakeTool('zoom').down(400, 300).up(400, 300).view.zoom).toBe(2)
    expect(new FakeTool('zoom').down(400, 300, { alt: true }).up(400, 300).view.zoom).toBeCloseTo(0.6667, 4)
    const tool = new FakeTool('zoom').down(400, 300).move(520, 300)
    expect(tool.view.zoom).toBeCloseTo(2, 6)
    tool.key('Escape')
    expect(tool.view.zoom).toBe(1)
  })
})
