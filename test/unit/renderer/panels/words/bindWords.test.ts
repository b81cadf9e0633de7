import { describe, expect, it } from 'vitest'
import type { DocumentView, LayerView } from '../../../../../preload/contract/documents.ts'
import { pictureKey, samplingOf, touchesPicture } from '../../../../../renderer/panels/words/bindWords.ts'
import { brightness, withTiles } from '../../../../../renderer/panels/words/drawWords.ts'
import { EMPTY_FORM } from '../../../../../renderer/stores/editStore.ts'

const layer = (id: number, kind: LayerView['kind'], more: Partial<LayerView> = {}): LayerView => ({
  id, kind, name: kind, parent: null, position: id, visible: true, locked: false, opacity: 1, blend: 'normal', size: null, extent: null, hasMask: false, transform: [1, 0, 0, 1, 0, 0], colour: null, operation: null, ...more,
})
const view = (layers: LayerView[]): DocumentView => ({ project: 'p', document: 1, name: 'd', canvas: { width: 8, height: 8 }, source: null, layers, activeMask: null, head: 1, undo: null, redo: null, version: 1 })

describe('a change of the picture', () => {
  it('is none when only masks change', () => {
    const before = view([layer(1, 'image'), layer(2, 'mask')])
    expect(pictureKey(view([layer(1, 'image'), layer(2, 'mask', { visible: false, opacity: 0.2 }), layer(3, 'mask')]))).toBe(pictureKey(before))
    expect(touchesPicture(before, [{ layer: 2, plane: 'pixels', tiles: null }])).toBe(false)
  })

  it('is one when a layer is painted on, hidden or moved', () => {
    const before = view([layer(1, 'image'), layer(2, 'mask')])
    expect(touchesPicture(before, [{ layer: 1, plane: 'pixels', tiles: [[0, 0]] }])).toBe(true)
    expect(touchesPicture(before, [{ layer: 1, plane: 'pixels', tiles: [] }])).toBe(false)
    for (const more of [{ visible: false }, { opacity: 0.5 }, { blend: 'multiply' as const }, { transform: [1, 0, 0, 1, 3, 0] as const }]) {
      expect(pictureKey(view([layer(1, 'image', more as Partial<LayerView>), layer(2, 'mask')]))).not.toBe(pictureKey(before))
    }
  })
})

describe('the sampling of the Edit panel', () => {
  it('is what was set there, without a seed of its own', () => {
    expect(samplingOf(EMPTY_FORM)).toEqual({})
    expect(samplingOf({ ...EMPTY_FORM, intent: 'remove', model: 'm', seed: 4, sampling: { ...EMPTY_FORM.sampling, steps: 20 } })).toEqual({ model: 'm', seed: 4, steps: 20 })
  })
})

describe('what is laid over the picture', () => {
  it('takes a heat-map for as bright as its strongest colour', () => {
    expect([...brightness(new Uint8ClampedArray([10, 200, 30, 255, 0, 0, 9, 255]))]).toEqual([200, 9])
  })

  it('keeps word paint tile by tile', () => {
    const tile = (x: number, value: number) => ({ x, y: 0, bytes: new Uint8Array([value]) })
    const paint = withTiles(withTiles(new Map(), [tile(0, 1), tile(1, 2)]), [tile(1, 3)])
    expect([...paint.values()].map(({ x, bytes }) => [x, bytes[0]])).toEqual([[0, 1], [1, 3]])
  })
})
