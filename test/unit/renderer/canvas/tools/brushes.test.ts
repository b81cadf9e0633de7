import { describe, expect, it } from 'vitest'
import { ToolSettings, sizeStep } from '../../../../../renderer/canvas/tools/toolSettings.ts'
import { settle, FakeTool } from '../fakes.ts'

describe('the mask brush', () => {
  it('paints from press to release: one stroke, every reading in it', () => {
    const tool = new FakeTool('mask-brush')
    expect(tool.machine.state).toBe('idle')
    tool.down(10, 10)
    expect(tool.machine.state).toBe('drawing')
    tool.move(20, 10, { samples: [{ x: 13, y: 10, pressure: 1 }, { x: 17, y: 10, pressure: 1 }, { x: 20, y: 10, pressure: 1 }] }).up(30, 10)
    expect(tool.strokes).toHaveLength(1)
    expect(tool.strokes[0].end).toBe('committed')
    expect(tool.strokes[0].samples.map(({ x }) => x)).toEqual([10, 13, 17, 20, 30])
    expect(tool.machine.state).toBe('idle')
  })

  it('adds, takes away with X, does the opposite with Alt; the eraser the other way round', () => {
    const inkOf = (id: 'mask-brush' | 'mask-eraser', maskMode: 'add' | 'subtract', alt: boolean): unknown => new FakeTool(id, { maskMode }).drag([1, 1], [2, 2], { alt }).strokes[0].order.ink
    expect(inkOf('mask-brush', 'add', false)).toEqual({ kind: 'mask', add: true })
    expect(inkOf('mask-brush', 'subtract', false)).toEqual({ kind: 'mask', add: false })
    expect(inkOf('mask-brush', 'add', true)).toEqual({ kind: 'mask', add: false })
    expect(inkOf('mask-eraser', 'add', false)).toEqual({ kind: 'mask', add: false })
    expect(inkOf('mask-eraser', 'add', true)).toEqual({ kind: 'mask', add: true })
  })

  it('takes away with the eraser of a pen, whatever the tool and its mode', () => {
    const inkOf = (id: 'mask-brush' | 'mask-eraser' | 'paint' | 'clone' | 'word-paint' | 'smart-select', alt = false): unknown => new FakeTool(id).drag([1, 1], [2, 2], { pen: true, eraser: true, alt }).strokes[0].order.ink
    for (const alt of [false, true]) {
      expect(inkOf('mask-brush', alt)).toEqual({ kind: 'mask', add: false })
      expect(inkOf('mask-eraser', alt)).toEqual({ kind: 'mask', add: false })
    }
    expect(inkOf('paint')).toEqual({ kind: 'erase' })
    expect(inkOf('paint', true)).toEqual({ kind: 'erase' })
    expect(inkOf('word-paint')).toEqual({ kind: 'word', sign: 'minus' })
    expect(inkOf('smart-select')).toEqual({ kind: 'scribble', foreground: false })
  })

  it('draws a straight line from the last stroke with Shift', () => {
    const tool = new FakeTool('mask-brush').drag([10, 10], [50, 60])
    tool.down(200, 300, { shift: true }).up(200, 300)
    expect(tool.strokes[1].samples[0]).toEqual({ x: 50, y: 60, pressure: 1 })
    expect(tool.strokes[1].samples[1]).toMatchObject({ x: 200, y: 300 })
  })

  it('takes the stroke back on Escape and when the pointer is lost', () => {
    const tool = new FakeTool('mask-brush').down(10, 10).move(20, 20)
    expect(tool.key('Escape')).toBe(true)
    expect(tool.strokes[0].end).toBe('cancelled')
    expect(tool.machine.state).toBe('idle')
    expect(tool.key('Escape')).toBe(false)
    tool.down(1, 1)
    tool.machine.leave()
    expect(tool.strokes[1].end).toBe('cancelled')
  })

  it('ignores other buttons, and places where nothing can be painted', () => {
    const tool = new FakeTool('mask-brush').drag([1, 1], [2, 2], { button: 2 })
    expect(tool.strokes).toHaveLength(0)
    tool.canStroke = false
    tool.drag([1, 1], [2, 2])
    expect(tool.machine.state).toBe('idle')
  })

  it('keeps a pen\'s last pressure when it is lifted', () => {
    const tool = new FakeTool('mask-brush').down(1, 1, { pen: true, pressure: 0.4 }).up(2, 2, { pen: true, pressure: 0 })
    expect(tool.strokes[0].samples.map(({ pressure }) => pressure)).toEqual([0.4])
  })
})

describe('paint and eyedropper', () => {
  it('paint with the chosen colour and pick another with Alt', async () => {
    const tool = new FakeTool('paint', { colour: '#ff0000' }).drag([1, 1], [2, 2])
    expect(tool.strokes[0].order.ink).toEqual({ kind: 'paint', colour: '#ff0000' })
    tool.down(5, 5, { alt: true }).up(5, 5)
    await settle()
    expect(tool.strokes).toHaveLength(1)
    expect(tool.options.colour).toBe('#123456')
  })

  it('look for a colour while pressed, one question at a time', async () => {
    const tool = new FakeTool('eyedropper').down(1, 1).move(2, 2).move(3, 3)
    await settle()
    tool.up(3, 3)
    // the first place and the newest one; not every one in between
    expect(tool.events.filter(({ type }) => type === 'colour')).toHaveLength(2)
    expect(tool.options.colour).toBe('#123456')
  })

  it('erase with the eraser', () => {
    expect(new FakeTool('paint-eraser').drag([1, 1], [2, 2]).strokes[0].order.ink).toEqual({ kind: 'erase' })
  })
})

describe('the clone brush', () => {
  it('asks for a source first', () => {
    const tool = new FakeTool('clone').drag([1, 1], [2, 2])
    expect(tool.strokes).toHaveLength(0)
    expect(tool.notices()).toEqual(['The clone brush needs a source: hold Alt and click where to take pixels from.'])
  })

  it('keeps the distance of its first stroke, in whole pixels, until the next source', () => {
    const tool = new FakeTool('clone').down(100, 100, { alt: true }).up(100, 100, { alt: true }).drag([150.4, 130], [160, 130]).drag([300, 300], [310, 300])
    expect(tool.strokes.map(({ order }) => order.ink)).toEqual([{ kind: 'clone', offset: { x: -50, y: -30 } }, { kind: 'clone', offset: { x: -50, y: -30 } }])
    tool.move(200, 200)
    expect(tool.sketches[0]).toMatchObject({ kind: 'source', at: { x: 150, y: 170 } })
    tool.down(0, 0, { alt: true }).up(0, 0, { alt: true }).drag([10, 10], [11, 11])
    expect(tool.strokes[2].order.ink).toEqual({ kind: 'clone', offset: { x: -10, y: -10 } })
  })
})

describe('word brush and smart select', () => {
  it('strengthen and weaken a word', () => {
    expect(new FakeTool('word-paint').drag([1, 1], [2, 2]).strokes[0].order.ink).toEqual({ kind: 'word', sign: 'plus' })
    expect(new FakeTool('word-paint').drag([1, 1], [2, 2], { alt: true }).strokes[0].order.ink).toEqual({ kind: 'word', sign: 'minus' })
    expect(new FakeTool('word-paint', { wordSign: 'minus' }).drag([1, 1], [2, 2]).strokes[0].order.ink).toEqual({ kind: 'word', sign: 'minus' })
  })

  it('collect scribbles and ask for the selection on Enter', () => {
    const tool = new FakeTool('smart-select').drag([1, 1], [50, 50]).drag([1, 1], [50, 50], { alt: true })
    expect(tool.strokes.map(({ order }) => order.ink)).toEqual([{ kind: 'scribble', foreground: true }, { kind: 'scribble', foreground: false }])
    const tile = { x: 0, y: 0, bytes: new Uint8Array(65536) }
    tool.scribbles = { foreground: [tile], background: [] }
    expect(tool.key('Enter', { shift: true })).toBe(true)
    expect(tool.changes).toEqual([{ change: 'mask.select', layer: null, source: { from: 'scribble', foreground: [tile], background: [], box: null }, mode: 'add' }])
    expect(tool.key('Enter')).toBe(true)
    expect(tool.notices()[0]).toContain('needs a scribble')
  })
})

describe('settings', () => {
  it('keep brushes of masks and paint apart and everything else together', () => {
    const settings = new ToolSettings()
    const { brush } = settings.of('mask-brush')
    expect(settings.set('paint', { brush: { ...brush, size: 7 }, colour: '#00ff00' })).toBe(true)
    expect(settings.of('clone').brush.size).toBe(7)
    expect(settings.of('mask-eraser').brush).toEqual(brush)
    expect(settings.of('mask-eraser').colour).toBe('#00ff00')
  })

  it('say when nothing has changed', () => {
    const settings = new ToolSettings()
    expect(settings.set('paint', { brush: { ...settings.of('paint').brush }, colour: settings.of('paint').colour })).toBe(false)
    expect(settings.set('hand', {})).toBe(false)
  })
})

describe('brush sizes', () => {
  it('step finely when small and coarsely when large, and come back the same way', () => {
    let size = 1
    const up = [size]
    while (size < 400) up.push((size = sizeStep(size, 1)))
    const down = [size]
    while (size > 1) down.push((size = sizeStep(size, -1)))
    expect(down).toEqual([...up].reverse())
    expect(up.slice(8, 13)).toEqual([9, 10, 15, 20, 25])
  })
})
