import { describe, expect, it } from 'vitest'
import type { DocumentChange, DocumentView, StrokeTile, TilePlace } from '../../../../preload/contract/documents.ts'
import type { EditorEvent, EditorHost, StrokeStart } from '../../../../renderer/canvas/editorTypes.ts'
import { SelectionDesk } from '../../../../renderer/canvas/shapes/selectionDesk.ts'
import { ellipseOutline, rectangleOutline } from '../../../../renderer/canvas/shapes/outlines.ts'
import { MASK_LAYER_PLANE, SCRIBBLE_LAYER } from '../../../../renderer/canvas/stage/ownLayers.ts'
import { Scene } from '../../../../renderer/canvas/stage/scene.ts'
import { StrokeDesk } from '../../../../renderer/canvas/strokes/strokeDesk.ts'
import { ToolSettings } from '../../../../renderer/canvas/tools/toolSettings.ts'
import type { StrokeOrder, ToolOptions } from '../../../../renderer/canvas/tools/toolTypes.ts'
import { documentOf, fakeSurface, grey, layer, settle } from './fakes.ts'

/** A scene and a desk over a host that answers when the test says so. */
class Bench {
  readonly events: EditorEvent[] = []
  readonly commits: { start: StrokeStart; tiles: readonly StrokeTile[] }[] = []
  readonly changes: DocumentChange[] = []
  readonly reads: TilePlace[][] = []
  readonly scene: Scene
  readonly desk: StrokeDesk
  readonly selections: SelectionDesk
  view: DocumentView
  tiles = new Map<string, Uint8Array<ArrayBuffer>>()
  /** commits wait for this */
  gate: Promise<unknown> = Promise.resolve()
  readonly #settings = new ToolSettings()

  constructor(view: DocumentView, options: Partial<ToolOptions> = {}) {
    this.view = view
    this.#settings.set('paint', options)
    const host: Partial<EditorHost> = {
      readTiles: async (places) => {
        this.reads.push([...places])
        return { version: this.view.version, tiles: places.map((place) => ({ ...place, bytes: this.tiles.get(`${place.layer}/${place.level}/${place.x}/${place.y}`) ?? null })) }
      },
      commitStroke: async (_stroke, start, tiles) => {
        this.commits.push({ start, tiles })
        await this.gate
        const id = start.layer ?? 77
        const layers = this.view.layers.some((one) => one.id === id) ? this.view.layers : [...this.view.layers, layer(77, 'mask', { extent: null })]
        this.view = { ...this.view, layers, activeMask: start.layer ?? 77, version: this.view.version + 1 }
        return this.view
      },
      change: async (change) => {
        this.changes.push(change)
        await this.gate
        this.view = { ...this.view, layers: [...this.view.layers, layer(55, 'paint', { extent: null })], version: this.view.version + 1 }
        return this.view
      },
    }
    this.scene = new Scene(view, { host: host as EditorHost, makeSurface: fakeSurface, budget: { tiles: 2 ** 28, composed: 2 ** 26 }, onDocument: () => undefined, onOverlay: () => undefined, onFailure: () => undefined })
    this.desk = new StrokeDesk({
      scene: () => this.scene, host: host as EditorHost, options: () => this.#settings.of('paint'), setOptions: (set) => this.#settings.set('paint', set),
      emit: (event) => void this.events.push(event), adopt: (now) => this.scene.setDocument(now, []), requestFrame: () => undefined,
    })
    this.selections = new SelectionDesk(() => this.scene, this.desk)
  }

  /** A whole stroke at one place. */
  dab(ink: StrokeOrder['ink'], x: number, y: number): void {
    const stroke = this.desk.begin({ tool: 'mask-brush', title: 'Stroke', brush: { size: 20, hardness: 1, opacity: 1, spacing: 0.1, smoothing: 0, pressureSize: false, pressureOpacity: false }, ink })
    stroke?.add([{ x, y, pressure: 1 }])
    stroke?.commit()
  }

  mask(x: number, y: number): number | undefined {
    const id = this.scene.maskLayer
    const bytes = id === null ? undefined : this.scene.store.bytesAt({ layer: id, plane: MASK_LAYER_PLANE, level: 0, x: x >> 8, y: y >> 8 })
    return bytes === null ? 0 : bytes?.[(y & 255) * 256 + (x & 255)]
  }

  notices(): string[] {
    return this.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []))
  }
}

const ADD = { kind: 'mask', add: true } as const
const PAINT = { kind: 'paint', colour: '#ff0000' } as const

describe('strokes on the mask', () => {
  it('make a mask when there is none, shown before the host has it', async () => {
    const bench = new Bench(documentOf([layer(1, 'image')]))
    let release = (): void => undefined
    bench.gate = new Promise<void>((resolve) => (release = resolve))
    bench.dab(ADD, 100, 100)
    bench.dab(ADD, 300, 100)
    expect(bench.scene.maskLayer).toBeLessThan(0)
    expect(bench.mask(100, 100)).toBe(255)
    await settle()
    expect(bench.commits).toHaveLength(1) // the second waits for the first
    release()
    await bench.desk.settled()
    expect(bench.commits.map(({ start }) => start.layer)).toEqual([null, 77])
    expect(bench.scene.maskLayer).toBe(77)
    expect([bench.mask(100, 100), bench.mask(300, 100), bench.mask(200, 100)]).toEqual([255, 255, 0])
    expect(bench.desk.pending).toBe(0)
    expect(bench.reads).toEqual([])
  })

  it('taken back leave no mask behind', () => {
    const bench = new Bench(documentOf([layer(1, 'image')]))
    const stroke = bench.desk.begin({ tool: 'mask-brush', title: 'Stroke', brush: { size: 20, hardness: 1, opacity: 1, spacing: 0.1, smoothing: 0, pressureSize: false, pressureOpacity: false }, ink: ADD })!
    stroke.add([{ x: 5, y: 5, pressure: 1 }])
    bench.desk.show()
    expect(bench.scene.maskLayer).not.toBeNull()
    stroke.cancel()
    expect(bench.scene.maskLayer).toBeNull()
    expect(bench.desk.pending).toBe(0)
  })

  it('land in the pixels of a mask that lies elsewhere', async () => {
    const bench = new Bench(documentOf([layer(1, 'image'), layer(9, 'mask', { extent: null, transform: [2, 0, 0, 2, 100, 0] })], { activeMask: 9 }))
    bench.dab(ADD, 200, 100)
    await bench.desk.settled()
    expect(bench.mask(50, 50)).toBe(255)
    expect([bench.mask(56, 50), bench.mask(44, 50)]).toEqual([0, 0]) // half as wide there
  })

  it('are refused by a locked mask, in words', () => {
    const bench = new Bench(documentOf([layer(1, 'image'), layer(9, 'mask', { locked: true })], { activeMask: 9 }))
    bench.dab(ADD, 5, 5)
    expect(bench.commits).toEqual([])
    expect(bench.notices()).toEqual(['The mask is locked; unlock it in the layers panel to change it.'])
  })
})

describe('strokes of paint', () => {
  it('above a photograph go to one new layer, made once', async () => {
    const bench = new Bench(documentOf([layer(1, 'image')]), { layer: 1 })
    bench.dab(PAINT, 10, 10)
    bench.dab(PAINT, 40, 10)
    await bench.desk.settled()
    expect(bench.changes).toEqual([{ change: 'layer.add', kind: 'paint', above: 1 }])
    expect(bench.commits.map(({ start }) => start.layer)).toEqual([55, 55])
    expect(bench.events).toContainEqual({ type: 'layer-made', layer: 55 })
    const bytes = bench.scene.store.bytesAt({ layer: 55, plane: 'pixels', level: 0, x: 0, y: 0 })!
    expect([...bytes.subarray((10 * 256 + 10) * 4, (10 * 256 + 11) * 4)]).toEqual([255, 0, 0, 255])
    bench.dab(PAINT, 70, 10) // the app still names the photograph
    await bench.desk.settled()
    expect(bench.changes).toHaveLength(1)
  })

  it('are refused by locked and hidden layers, and the eraser by photographs', () => {
    const locked = new Bench(documentOf([layer(2, 'paint', { locked: true })]), { layer: 2 })
    locked.dab(PAINT, 5, 5)
    const hidden = new Bench(documentOf([layer(2, 'paint', { visible: false })]), { layer: 2 })
    hidden.dab(PAINT, 5, 5)
    const photograph = new Bench(documentOf([layer(1, 'image')]), { layer: 1 })
    photograph.dab({ kind: 'erase' }, 5, 5)
    expect([locked, hidden, photograph].map((bench) => bench.notices().length)).toEqual([1, 1, 1])
    expect([locked, hidden, photograph].flatMap((bench) => bench.commits)).toEqual([])
  })

  it('go to the mask of a layer when that is chosen, in grey', async () => {
    const bench = new Bench(documentOf([layer(2, 'paint', { hasMask: true })]), { layer: 2, plane: 'mask' })
    bench.dab({ kind: 'paint', colour: '#ffffff' }, 5, 5)
    await bench.desk.settled()
    expect(bench.commits[0].start).toMatchObject({ layer: 2, plane: 'mask' })
    expect(bench.commits[0].tiles[0].bytes).toHaveLength(65536)
  })
})

describe('shapes', () => {
  it('join the mask in one commit of the tiles they meet', async () => {
    const bench = new Bench(documentOf([layer(1, 'image')]))
    bench.selections.select(rectangleOutline({ left: 200, top: 10, right: 300, bottom: 60 }), 'add', 'Select rectangle', 'rectangle')
    await bench.desk.settled()
    expect(bench.commits).toHaveLength(1)
    expect(bench.commits[0].tiles.map(({ x }) => x)).toEqual([0, 1])
    expect([bench.mask(200, 10), bench.mask(299, 59), bench.mask(300, 59), bench.mask(199, 10)]).toEqual([255, 255, 0, 0])
  })

  it('that replace or intersect clear what lies elsewhere, read first', async () => {
    const view = documentOf([layer(1, 'image'), layer(9, 'mask', { extent: { x: 0, y: 0, width: 1000, height: 800 } })], { activeMask: 9 })
    for (const mode of ['replace', 'intersect'] as const) {
      const bench = new Bench(view)
      bench.tiles.set('9/0/0/0', grey(255))
      bench.tiles.set('9/0/3/2', grey(100))
      bench.selections.select(rectangleOutline({ left: 100, top: 100, right: 400, bottom: 200 }), mode, 'Select', 'rectangle')
      await bench.desk.settled()
      expect([bench.mask(50, 50), bench.mask(150, 150), bench.mask(800, 600)]).toEqual([0, 255, 0])
      expect(bench.mask(300, 150)).toBe(mode === 'replace' ? 255 : 0)
    }
  })

  it('taken away leave the rest', async () => {
    const bench = new Bench(documentOf([layer(1, 'image')]))
    bench.selections.select(rectangleOutline({ left: 0, top: 0, right: 100, bottom: 100 }), 'add', 'Select', 'rectangle')
    bench.selections.select(ellipseOutline({ left: 20, top: 20, right: 80, bottom: 80 }), 'subtract', 'Select', 'ellipse')
    await bench.desk.settled()
    expect([bench.mask(50, 50), bench.mask(5, 5)]).toEqual([0, 255])
    expect(bench.commits).toHaveLength(2)
  })

  it('drawn as a gradient cover the whole canvas and nothing beyond', async () => {
    const bench = new Bench(documentOf([layer(1, 'image')]))
    bench.selections.gradient({ x: 0, y: 0 }, { x: 1000, y: 0 }, 'linear', 'replace')
    await bench.desk.settled()
    expect(bench.mask(500, 400)).toBeCloseTo(128, -1)
    expect(bench.mask(999, 799)).toBe(255)
    expect(bench.mask(1005, 799)).toBe(0)
  })
})

describe('scribbles', () => {
  it('stay in the window, show as two kinds, and are taken as two masks', () => {
    const bench = new Bench(documentOf([layer(1, 'image')]))
    bench.dab({ kind: 'scribble', foreground: true }, 50, 50)
    bench.dab({ kind: 'scribble', foreground: false }, 400, 50)
    expect(bench.commits).toEqual([])
    expect(bench.scene.hasOwn(SCRIBBLE_LAYER)).toBe(true)
    const { foreground, background } = bench.scene.takeScribbles()
    expect(foreground.map(({ x }) => x)).toEqual([0])
    expect(background.map(({ x }) => x)).toEqual([1])
    expect([foreground[0].bytes[50 * 256 + 50], foreground[0].bytes[0]]).toEqual([255, 0])
    expect(bench.scene.takeScribbles()).toEqual({ foreground: [], background: [] })
  })

  it('of word paint are told as they are, 127 where nothing was painted', () => {
    const bench = new Bench(documentOf([layer(1, 'image')]))
    bench.dab({ kind: 'word', sign: 'minus' }, 50, 50)
    const told = bench.events.find((event) => event.type === 'word-paint')
    expect(told?.tiles[0].bytes[50 * 256 + 50]).toBe(0)
    expect(told?.tiles[0].bytes[0]).toBe(127)
  })
})

describe('the scene', () => {
  const VIEW = { width: 512, height: 512, ratio: 1, centre: { x: 500, y: 400 }, zoom: 1, angle: 0 } as const

  it('asks first for a coarse tile of each layer, then for what is in sight from its middle, topmost layer first', async () => {
    const bench = new Bench(documentOf([layer(1, 'image'), layer(2, 'paint', { extent: { x: 0, y: 0, width: 300, height: 300 } }), layer(3, 'paint', { visible: false })]))
    bench.scene.plan(VIEW, { show: 'document' }, null)
    const [first] = bench.reads
    expect(first.slice(0, 2).map(({ layer: id, level }) => [id, level])).toEqual([[2, 2], [1, 2]])
    expect(first[2]).toMatchObject({ layer: 2, level: 0, x: 0 })
    expect(first.some(({ layer: id }) => id === 3)).toBe(false)
    // nothing outside of extents is asked for
    expect(first.filter(({ layer: id, level, x, y }) => id === 2 && level === 0 && (x > 1 || y > 1))).toEqual([])
    await settle()
    expect(bench.scene.store.settled).toBe(true)
  })

  it('asks for original pixels too when they are compared, and for full-size tiles under the brush', async () => {
    const bench = new Bench(documentOf([layer(1, 'image', { visible: false }), layer(9, 'mask')], { activeMask: 9 }))
    bench.scene.plan({ ...VIEW, zoom: 0.5 }, { show: 'split', at: 0.5 }, { layer: 9, plane: 'pixels' })
    await settle()
    const asked = bench.reads.flat()
    expect(asked.some(({ layer: id, level }) => id === 1 && level === 1)).toBe(true)
    expect(asked.some(({ layer: id, level }) => id === 9 && level === 0)).toBe(true)
  })

  it('ignores older news than what it shows', () => {
    const bench = new Bench(documentOf([layer(1, 'image')], { version: 5 }))
    bench.scene.setDocument(documentOf([], { version: 4 }), [])
    expect(bench.scene.document.layers).toHaveLength(1)
  })
})
