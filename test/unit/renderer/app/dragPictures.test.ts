import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Bridge } from '../../../../preload/contract/bridge.ts'
import { DRAG_TYPE, beginPictureDrag, dropPicture, restOn } from '../../../../renderer/app/actions/dragPictures.ts'
import { documentStore, takeView } from '../../../../renderer/stores/documentStore.ts'
import { documentWith, layerWith } from '../things.ts'

const PICTURE = { of: { what: 'layer', layer: 1 }, name: 'Sky' } as const
const TARGET = { target: 'tgt_aaaaaaaaaaaaaaaa', name: 'Sky.png', download: true }
const BYTES = new Uint8Array([137, 80, 78, 71])

let asked: { method: string; input: Record<string, unknown> }[] = []
let started: unknown[] = []
/** every test has a state of its own: what was written for another is not offered */
let version = 0

/** A window in one of the two shells, whose host writes every picture. */
function inShell(shell: Bridge['shell']): void {
  const answers: Readonly<Record<string, unknown>> = { 'files.download': TARGET, 'document.picture': { bytes: 4 }, 'files.fetch': { bytes: BYTES, size: 4 }, 'document.change': documentWith({ version: 2 }) }
  const bridge: Pick<Bridge, 'call' | 'shell' | 'startDrag'> = {
    shell, startDrag: (target) => started.push(target) > 0,
    call: async (method, input) => {
      asked.push({ method, input: input as Record<string, unknown> }) // every input is an object
      return { ok: true, value: answers[method] }
    },
  }
  Object.assign(globalThis, { window: { palimpsest: bridge } })
}

/** A drag event of React's, as far as it is used. */
function drag(): { event: React.DragEvent; data: Map<string, string>; prevented: () => boolean } {
  const data = new Map<string, string>()
  let prevented = false
  const event = { preventDefault: () => (prevented = true), dataTransfer: { effectAllowed: 'none', setData: (type: string, value: string) => data.set(type, value), types: [] } }
  return { event: event as unknown as React.DragEvent, data, prevented: () => prevented }
}

beforeEach(() => {
  vi.useFakeTimers()
  asked = []
  started = []
  takeView(documentWith({ layers: [layerWith(), layerWith({ id: 2, kind: 'mask' })], version: ++version }))
})
afterEach(() => {
  vi.useRealTimers()
  documentStore.setState(documentStore.getInitialState(), true)
  Reflect.deleteProperty(globalThis, 'window')
})

describe('a thumbnail that is dragged', () => {
  test('is handed to the system as a file by the desktop program, under an id and never a path', async () => {
    inShell('electron')
    const { event, data, prevented } = drag()
    expect(beginPictureDrag(event, PICTURE)).toBe(false)
    expect(prevented()).toBe(true)
    await vi.runAllTimersAsync()
    expect(started).toEqual([TARGET])
    expect(data.size).toBe(0)
    expect(asked.map(({ method }) => method)).toEqual(['files.download', 'document.picture'])
    expect(asked[1]!.input).toMatchObject({ target: TARGET.target, of: PICTURE.of })
  })

  test('carries the address of its file in a browser when the pointer rested on it, and is written once', async () => {
    inShell('browser')
    restOn(PICTURE)
    await vi.runAllTimersAsync()
    for (let times = 0; times < 2; times++) {
      const { event, data } = drag()
      expect(beginPictureDrag(event, PICTURE)).toBe(true)
      expect(data.get('DownloadURL')).toMatch(/^image\/png:Sky\.png:blob:/)
      expect(data.get(DRAG_TYPE)).toBe('Sky')
    }
    expect(asked.filter(({ method }) => method === 'document.picture')).toHaveLength(1)
  })

  test('offers no file of a state that is over', async () => {
    inShell('browser')
    restOn(PICTURE)
    await vi.runAllTimersAsync()
    documentStore.setState(({ document }) => ({ document: { ...document!, version: document!.version + 1 } }))
    const { event, data } = drag()
    beginPictureDrag(event, PICTURE)
    expect(data.has('DownloadURL')).toBe(false)
  })

  test('doubles a layer when it is dropped on the canvas, once', async () => {
    inShell('browser')
    beginPictureDrag(drag().event, PICTURE)
    dropPicture()
    dropPicture()
    await vi.runAllTimersAsync()
    expect(asked.filter(({ method }) => method === 'document.change').map(({ input }) => input['change'])).toEqual([{ change: 'layer.duplicate', layer: 1 }])
  })
})
