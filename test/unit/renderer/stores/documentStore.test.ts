import { afterEach, describe, expect, test } from 'vitest'
import type { Bridge } from '../../../../preload/contract/bridge.ts'
import { change, documentStore, inTurn, selectedLayer, takeView } from '../../../../renderer/stores/documentStore.ts'
import { documentWith, layerWith } from '../things.ts'

/** A window whose host answers as told. */
function answer(call: (method: string, input: { base?: number }) => unknown): void {
  const bridge: Pick<Bridge, 'call'> = { call: async (method, input) => call(method, input as { base?: number }) } // the calls of these tests have a base
  Object.assign(globalThis, { window: { palimpsest: bridge } })
}

afterEach(() => {
  documentStore.setState(documentStore.getInitialState(), true)
  Reflect.deleteProperty(globalThis, 'window')
})

describe('the open document', () => {
  test('late news never replaces newer ones, and gone layers are no longer selected', () => {
    takeView(documentWith({ version: 5, layers: [layerWith(), layerWith({ id: 2 })] }))
    documentStore.setState({ selected: [1, 2] })
    takeView(documentWith({ version: 4, name: 'old' }))
    expect(documentStore.getState().document?.name).toBe('Photo')
    takeView(documentWith({ version: 6 }))
    expect(documentStore.getState().selected).toEqual([1])
    expect(selectedLayer()?.id).toBe(1)
  })

  test('another document starts without a selection, whatever its version', () => {
    takeView(documentWith({ version: 9 }))
    documentStore.setState({ selected: [1] })
    takeView(documentWith({ document: 2, version: 1 }))
    expect(documentStore.getState()).toMatchObject({ document: { document: 2 }, selected: [] })
  })

  test('changes go one after another, each on the head that the one before left', async () => {
    const bases: (number | undefined)[] = []
    takeView(documentWith({ head: 10 }))
    answer((_method, { base }) => {
      bases.push(base)
      return { ok: true, value: documentWith({ head: base! + 1, version: base! }) }
    })
    await Promise.all([change({ change: 'canvas.turn', quarters: 1 }), change({ change: 'canvas.turn', quarters: 1 }), change({ change: 'canvas.turn', quarters: 1 })])
    expect(bases).toEqual([10, 11, 12])
    expect(documentStore.getState().pending).toBe(0)
  })

  test('a change on a head that is no longer the newest is tried once more on the newest', async () => {
    takeView(documentWith({ head: 3 }))
    const calls: string[] = []
    answer((method, { base }) => {
      calls.push(`${method} ${base ?? ''}`.trim())
      if (method === 'documents.open') return { ok: true, value: documentWith({ head: 4, version: 2 }) }
      return base === 3 ? { ok: false, error: { code: 'document/stale', message: 'x', exitCode: 2, details: {} } } : { ok: true, value: documentWith({ head: 5, version: 3 }) }
    })
    await change({ change: 'canvas.turn', quarters: 1 })
    expect(calls).toEqual(['document.change 3', 'documents.open', 'document.change 4'])
  })

  test('a change that fails is told to its caller and does not stop the next', async () => {
    takeView(documentWith())
    await expect(inTurn(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    await expect(inTurn(() => Promise.resolve(documentWith({ version: 8 })))).resolves.toMatchObject({ version: 8 })
    expect(documentStore.getState()).toMatchObject({ pending: 0, document: { version: 8 } })
  })
})
