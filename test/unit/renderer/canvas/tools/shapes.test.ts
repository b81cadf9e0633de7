import { describe, expect, it } from 'vitest'
import { outlineBox } from '../../../../../renderer/canvas/shapes/outlines.ts'
import { TOOLS } from '../../../../../renderer/canvas/tools/registry.ts'
import { draggedBox } from '../../../../../renderer/canvas/tools/shapeTools.ts'
import { TOOL_IDS } from '../../../../../renderer/canvas/tools/toolTypes.ts'
import { FakeTool } from '../fakes.ts'

describe('every tool', () => {
  it('is registered under its own name and begins idle', () => {
    expect(Object.keys(TOOLS).sort()).toEqual([...TOOL_IDS].sort())
    for (const id of TOOL_IDS) {
      expect(TOOLS[id].id).toBe(id)
      expect(new FakeTool(id).machine.state).toBe('idle')
    }
  })

  it('does nothing to the document when its gesture is cancelled', () => {
    for (const id of TOOL_IDS) {
      const tool = new FakeTool(id, { layer: 2 })
      if (id === 'clone') tool.down(5, 5, { alt: true }).up(5, 5)
      tool.down(150, 150).move(170, 180)
      tool.machine.cancel()
      expect(tool.machine.state, id).toBe('idle')
      expect(tool.selections, id).toEqual([])
      expect(tool.gradients, id).toEqual([])
      expect(tool.strokes.filter(({ end }) => end === 'committed'), id).toEqual([])
      if (id !== 'wand') expect(tool.changes, id).toEqual([])
    }
  })
})

describe('rectangle and ellipse', () => {
  it('select the box of the drag on whole pixels, in any direction', () => {
    const tool = new FakeTool('rectangle').drag([100.4, 90.6], [20.2, 30.1])
    expect(outlineBox(tool.selections[0].shape)).toEqual({ left: 20, top: 30, right: 100, bottom: 91 })
    expect(tool.selections[0].mode).toBe('replace')
    expect(tool.sketches).toEqual([])
  })

  it('choose how they join by the keys at the press; later keys shape the box', () => {
    const modes = [{ shift: true }, { alt: true }, { shift: true, alt: true }].map((keys) => new FakeTool('ellipse').drag([0, 0], [10, 20], keys).selections[0].mode)
    expect(modes).toEqual(['add', 'subtract', 'intersect'])
    const tool = new FakeTool('rectangle').down(100, 100, { shift: true }).move(120, 150, { shift: true }).move(120, 150).move(120, 150, { shift: true }).up(120, 150)
    expect(outlineBox(tool.selections[0].shape)).toEqual({ left: 100, top: 100, right: 150, bottom: 150 })
    const middle = new FakeTool('rectangle').down(100, 100).move(120, 150, { alt: true }).up(120, 150)
    expect(outlineBox(middle.selections[0].shape)).toEqual({ left: 80, top: 50, right: 120, bottom: 150 })
  })

  it('select nothing with a click, and nothing after Escape', () => {
    const tool = new FakeTool('rectangle').down(5, 5).up(5, 5)
    expect(tool.selections).toEqual([])
    tool.down(5, 5).move(50, 50)
    expect(tool.sketches).toHaveLength(1)
    tool.key('Escape')
    tool.up(60, 60)
    expect(tool.selections).toEqual([])
    expect(tool.sketches).toEqual([])
  })

  it('keep even sides towards the pointer', () => {
    expect(draggedBox({ x: 10, y: 10 }, { x: 0, y: 30 }, true, false)).toEqual({ x: -10, y: 10, width: 20, height: 20 })
  })
})

describe('lasso and polygon', () => {
  it('close a freehand outline when the button goes up', () => {
    const tool = new FakeTool('lasso').down(0, 0).move(100, 0).move(100, 100).up(0, 100)
    expect(tool.selections[0].shape[0].length).toBeGreaterThanOrEqual(3)
    expect(new FakeTool('lasso').down(0, 0).up(0, 0).selections).toEqual([])
  })

  it('close a polygon by its first corner, by a double click or by Enter', () => {
    const first = new FakeTool('polygon').down(0, 0).down(100, 0).down(100, 100).down(2, 3)
    const double = new FakeTool('polygon').down(0, 0).down(100, 0).down(100, 100).down(100, 100, { clicks: 2 })
    const enter = new FakeTool('polygon').down(0, 0).down(100, 0).down(100, 100)
    expect(enter.key('Enter')).toBe(true)
    for (const tool of [first, double, enter]) {
      expect(tool.selections[0].shape[0]).toHaveLength(3)
      expect(tool.machine.state).toBe('idle')
    }
  })

  it('take back corners with Backspace and the polygon with Escape', () => {
    const tool = new FakeTool('polygon').down(0, 0).down(100, 0)
    tool.key('Backspace')
    expect(tool.sketches[0]).toMatchObject({ points: [{ x: 0, y: 0 }, { x: 0, y: 0 }] })
    tool.key('Escape')
    expect(tool.machine.state).toBe('idle')
    expect(tool.selections).toEqual([])
  })

  it('keep the mode of the first press', () => {
    const tool = new FakeTool('polygon').down(0, 0, { alt: true }).down(100, 0).down(100, 100)
    tool.key('Enter')
    expect(tool.selections[0].mode).toBe('subtract')
  })
})

describe('wand, gradient, marquee', () => {
  it('ask the host for a colour inside of the canvas', () => {
    const tool = new FakeTool('wand', { tolerance: 0.2, contiguous: true, combine: 'add' }).down(10.7, 20.9).down(-1, 5).down(10, 20, { alt: true, mod: true })
    expect(tool.changes).toEqual([
      { change: 'mask.select', layer: null, mode: 'add', source: { from: 'wand', x: 10, y: 20, tolerance: 0.2, contiguous: true, layer: null } },
      { change: 'mask.select', layer: null, mode: 'subtract', source: { from: 'wand', x: 10, y: 20, tolerance: 0.2, contiguous: false, layer: null } },
    ])
  })

  it('draw a gradient along the drag, in steps of 45 degrees with Shift', () => {
    const tool = new FakeTool('gradient-mask', { gradient: 'radial' }).drag([0, 0], [100, 10])
    expect(tool.gradients[0]).toEqual({ from: { x: 0, y: 0 }, to: { x: 100, y: 10 }, kind: 'radial', mode: 'replace' })
    const straight = new FakeTool('gradient-mask').down(0, 0).move(100, 10, { shift: true }).up(100, 10)
    expect(straight.gradients[0].to.y).toBeCloseTo(0, 9)
  })

  it('mark a box inside of the canvas to copy, and forget it with a click', () => {
    const tool = new FakeTool('marquee').drag([-50, 700], [100, 5000]).down(5, 5).up(5, 5)
    expect(tool.events).toEqual([{ type: 'selection', box: { x: 0, y: 700, width: 100, height: 100 } }, { type: 'selection', box: null }])
  })
})
