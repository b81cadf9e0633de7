/** Edits: from an intent to a staged result, accepted or rejected; the queue; nothing outside the mask changes. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { EngineError } from '../../../../main/engine/errors.ts'
import { brushMask, hostRig, sampleDocument, whiteBox } from '../../../support/hostRig.ts'

const rig = hostRig()

describe('an edit', () => {
  it('without a mask, or with an empty one, is refused before it is queued', async () => {
    const { view, which } = await sampleDocument(rig)
    expect(await rig.refused('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a cat' } })).toMatchObject({ code: 'mask/none', exitCode: 2 })
    await rig.call('document.change', { ...which, base: view.head, change: { change: 'layer.add', kind: 'mask' } })
    expect(await rig.refused('edit.run', { ...which, intent: { intent: 'remove' } })).toMatchObject({ code: 'mask/empty' })
    expect((await rig.call('jobs.list', {})).jobs).toEqual([])
  })

  it('is staged first, then a masked layer above the picture, and every sample beyond its reach is as it was', async () => {
    const { which } = await sampleDocument(rig, 'Fill')
    const brushed = await brushMask(rig, which)
    const staged = rig.next('staging.changed')
    const { job } = await rig.call('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a red cat', sampling: { steps: 3, seed: 7, guidance: 4 } } })
    expect(await rig.ended(job)).toMatchObject({ state: 'done', kind: 'fill', title: 'Fill: a red cat', error: null, operation: expect.any(Number) as number })
    expect(rig.orders.asked.at(-1)).toMatchObject({ task: 'inpaint', model: 'starter-inpaint', prompt: 'a red cat', steps: 3, seed: 7, guidance: 4, preview: true })
    expect((await staged).edits).toHaveLength(1)
    // nothing of the document has changed yet
    expect((await rig.call('documents.open', which)).head).toBe(brushed.head)
    const { edits } = await rig.call('staging.list', which)
    expect(edits[0]).toMatchObject({ title: 'Fill: a red cat', results: [{ ordinal: 0, seed: 7, changedOutside: 0 }] })
    const { box, media } = edits[0]!.results[0]!
    expect((await rig.call('media.read', { key: media })).media).toBe('image/png')
    const view = await rig.call('staging.accept', { ...which, operation: edits[0]!.operation, ordinals: [0] })
    expect(view.activeMask).toBe(brushed.activeMask)
    expect(view.layers.map(({ kind }) => kind)).toEqual(['image', 'edit-result', 'mask'])
    expect(view.layers[1]).toMatchObject({ name: 'Fill: a red cat', hasMask: true, transform: [1, 0, 0, 1, box.x, box.y], size: { width: box.width, height: box.height }, operation: edits[0]!.operation })
    const { operations } = await rig.call('history.list', which)
    const compared = await rig.call('history.compare', { ...which, a: operations[0]!.id, b: view.head })
    expect(compared.box).toEqual({ x: 80, y: 80, width: 60, height: 60 })
    expect(compared.changedPixels).toBe(3600)
    const undone = await rig.call('history.undo', which)
    expect(undone.layers.map(({ kind }) => kind)).toEqual(['image', 'mask'])
    expect(undone.redo).toBe('Fill: a red cat')
    const shown = await rig.call('history.show', { project: which.project, operation: edits[0]!.operation })
    expect(shown).toMatchObject({ kind: 'inpaint', seed: 7, model: 'fake', replayable: true, params: { prompt: 'a red cat', steps: 3 } })
    expect(JSON.stringify(shown.params)).not.toContain(rig.home)
  })

  it('in variations gives each the next seed; what is rejected stays in the history only', async () => {
    const { which } = await sampleDocument(rig, 'Variations')
    const before = await brushMask(rig, which)
    const asked = rig.orders.asked.length
    const { job } = await rig.call('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a dog', variations: 3, sampling: { seed: 40 } } })
    expect(await rig.ended(job)).toMatchObject({ state: 'done', result: { variations: 3 } })
    expect(rig.orders.asked.slice(asked).map(({ seed }) => seed)).toEqual([40, 41, 42])
    const { edits } = await rig.call('staging.list', which)
    expect(edits[0]!.results.map(({ ordinal, seed }) => [ordinal, seed])).toEqual([[0, 40], [1, 41], [2, 42]])
    const tiles = await rig.call('tiles.staged', { ...which, operation: edits[0]!.operation, ordinal: 2, tiles: [{ level: 0, x: 0, y: 0 }, { level: 0, x: 1, y: 0 }, { level: 1, x: 0, y: 0 }] })
    const opaque = (bytes: Uint8Array | null): number => (bytes ?? new Uint8Array()).filter((value, index) => index % 4 === 3 && value > 0).length
    const { box } = edits[0]!.results[2]!
    expect(opaque(tiles.tiles[0]!.bytes)).toBeGreaterThan(0)
    expect(opaque(tiles.tiles[0]!.bytes)).toBeLessThanOrEqual(box.width * box.height)
    expect(tiles.tiles[1]!.bytes).toBeNull()
    expect(opaque(tiles.tiles[2]!.bytes)).toBeGreaterThan(0)
    expect(await rig.refused('staging.accept', { ...which, operation: edits[0]!.operation, ordinals: [3] })).toMatchObject({ code: 'staging/no-result' })
    const view = await rig.call('staging.reject', { ...which, operation: edits[0]!.operation })
    expect([view.head, (await rig.call('staging.list', which)).edits]).toEqual([before.head, []])
    expect((await rig.call('history.list', which)).operations.at(-1)).toMatchObject({ state: 'rejected', title: 'Fill: a dog' })
  })

  it('can be accepted after the document went on, and two variations at once', async () => {
    const { which } = await sampleDocument(rig, 'Later')
    await brushMask(rig, which)
    const { job } = await rig.call('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a boat', variations: 2, sampling: { seed: 1 } } })
    await rig.ended(job)
    const { edits } = await rig.call('staging.list', which)
    const open = await rig.call('documents.open', which)
    await rig.call('document.change', { ...which, base: open.head, change: { change: 'layer.add', kind: 'paint' } })
    const view = await rig.call('staging.accept', { ...which, operation: edits[0]!.operation, ordinals: [0, 1] })
    expect(view.layers.map(({ kind }) => kind)).toEqual(['image', 'paint', 'edit-result', 'edit-result', 'mask'])
    expect(view.undo).toBe('Fill: a boat')
  })

  it('is predicted with what a person should read first', async () => {
    const { which } = await sampleDocument(rig, 'Predict')
    expect((await rig.call('edit.predict', { ...which, intent: { intent: 'fill', prompt: 'a zorblax' } })).warnings.map(({ code }) => code)).toEqual(['mask/none', 'prompt/unknown-words'])
    await brushMask(rig, which)
    expect(await rig.call('edit.predict', { ...which, intent: { intent: 'fill', prompt: 'a red cat', variations: 3 } })).toMatchObject({ seconds: 6, fits: true, device: 'cpu', warnings: [] })
    expect(await rig.call('edit.predict', { ...which, intent: { intent: 'remove' } })).toMatchObject({ seconds: 2, warnings: [] })
  })
})

describe('expanding', () => {
  it('makes the canvas grow around the old picture, which stays as it is to the last sample', async () => {
    const { which: sample } = await sampleDocument(rig, 'Expand')
    const cut = await rig.call('document.copy', { ...sample, layer: null, box: { x: 200, y: 100, width: 96, height: 64 }, masked: false })
    const small = path.join(rig.home, 'small.png')
    fs.writeFileSync(small, cut.bytes)
    const { document } = await rig.call('documents.create', { project: sample.project, file: (await rig.host.registerFile(small)).file })
    const which = { project: sample.project, document }
    const old = await rig.call('document.copy', { ...which, layer: null, box: null, masked: false })
    const brushed = await brushMask(rig, which, whiteBox(10, 10, 5, 5))
    const { job } = await rig.call('edit.run', { ...which, intent: { intent: 'expand', prompt: 'a meadow', left: 24, right: 0, top: 0, bottom: 0, sampling: { steps: 3, guidance: 1, seed: 3 } } })
    expect(await rig.ended(job)).toMatchObject({ state: 'done', error: null })
    const [edit] = (await rig.call('staging.list', which)).edits
    expect(edit!.results[0]!.box).toEqual({ x: -24, y: 0, width: 120, height: 64 })
    const { tiles } = await rig.call('tiles.staged', { ...which, operation: edit!.operation, ordinal: 0, tiles: [{ level: 0, x: -1, y: 0 }, { level: 0, x: 0, y: 0 }, { level: 0, x: 0, y: 1 }] })
    expect(tiles.map(({ bytes }) => bytes?.filter((value, index) => index % 4 === 3 && value === 255).length)).toEqual([24 * 64, 96 * 64, undefined])
    const view = await rig.call('staging.accept', { ...which, operation: edit!.operation, ordinals: [0] })
    expect(view).toMatchObject({ canvas: { width: 120, height: 64 }, activeMask: brushed.activeMask })
    expect(view.layers.map(({ kind, transform }) => [kind, transform[4], transform[5]])).toEqual([['image', 24, 0], ['edit-result', 0, 0], ['mask', 24, 0]])
    const kept = await rig.call('document.copy', { ...which, layer: null, box: { x: 24, y: 0, width: 96, height: 64 }, masked: false })
    expect(Buffer.from(kept.bytes).equals(Buffer.from(old.bytes))).toBe(true)
    const back = await rig.call('history.undo', which)
    expect(back).toMatchObject({ canvas: { width: 96, height: 64 }, layers: [{ transform: [1, 0, 0, 1, 0, 0] }, { kind: 'mask', transform: [1, 0, 0, 1, 0, 0] }] })
  })
})

describe('the queue', () => {
  it('runs one job at a time in the order they are put, tells previews, and cancels', async () => {
    const { which } = await sampleDocument(rig, 'Queue')
    await brushMask(rig, which)
    rig.orders.stepMs = 150
    const run = async (prompt: string): Promise<string> => (await rig.call('edit.run', { ...which, intent: { intent: 'fill', prompt } })).job
    const preview = rig.next('job.preview')
    const [first, second, third] = [await run('one'), await run('two'), await run('three')]
    expect(await preview).toMatchObject({ job: first, width: 2, height: 2 })
    await rig.call('jobs.move', { job: third, before: second })
    const queued = (await rig.call('jobs.list', {})).jobs.filter(({ job }) => [first, second, third].includes(job))
    expect(queued.map(({ job, state }) => [job, state])).toEqual([[first, 'running'], [third, 'queued'], [second, 'queued']])
    await rig.call('jobs.cancel', { job: third })
    await rig.call('jobs.cancel', { job: first })
    expect(await rig.ended(first)).toMatchObject({ state: 'cancelled', error: null })
    expect(await rig.ended(second)).toMatchObject({ state: 'done' })
    expect(await rig.ended(third)).toMatchObject({ state: 'cancelled' })
    rig.orders.stepMs = 0
    expect((await rig.call('staging.list', which)).edits.map(({ title }) => title)).toEqual(['Fill: two'])
    await rig.call('jobs.clear', {})
    expect((await rig.call('jobs.list', {})).jobs).toEqual([])
  })

  it('keeps a job whose engine died for another try; the document is untouched', async () => {
    const { which } = await sampleDocument(rig, 'Died')
    const before = await brushMask(rig, which)
    rig.orders.faults = [new EngineError('process/stopped', 'The engine stopped while it was doing "sample", step 2 of 3 (a crash in native code (SIGSEGV)); it has been restarted.', { details: { stderr: `${rig.home}/secret` } })]
    const { job } = await rig.call('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a cat', sampling: { seed: 3 } } })
    const failed = await rig.ended(job)
    expect(failed).toMatchObject({ state: 'failed', error: { code: 'process/stopped' } })
    expect(JSON.stringify(failed)).not.toContain(rig.home)
    expect((await rig.call('documents.open', which)).head).toBe(before.head)
    const again = await rig.call('jobs.retry', { job })
    expect(await rig.ended(again.job)).toMatchObject({ state: 'done' })
  })
})

describe('a swap with painted words', () => {
  it('asks where each word is to be and where not, the first time and when it is replayed', async () => {
    const { which } = await sampleDocument(rig, 'Painted words')
    const bytes = new Uint8Array(256 * 256).fill(128).fill(127, 0, 256) // a canvas' own neutral is 127
    bytes.fill(255, 90 * 256, 120 * 256) // more of the word above
    bytes.fill(0, 180 * 256, 210 * 256) // less of it below
    const only = (value: number): Uint8Array<ArrayBuffer> => new Uint8Array(256 * 256).fill(127).fill(value, 0, 256 * 40)
    const paint = [{ word: 'house', tiles: [{ x: 0, y: 0, bytes }] }, { word: 'meadow', tiles: [{ x: 0, y: 0, bytes: only(0) }] }, { word: 'red', tiles: [{ x: 0, y: 0, bytes: only(255) }] }]
    const intent = { intent: 'swap', description: 'a red house on a meadow', paint, sampling: { steps: 2, seed: 1 } } as const
    const asked = (): string[] => (rig.orders.asked.findLast(({ task }) => task === 'swap')!['bias'] as string[]).map((text) => text.replace(/=.*/, '='))
    const first = await rig.ended((await rig.call('edit.run', { ...which, intent })).job)
    expect(first).toMatchObject({ state: 'done', error: null })
    expect(asked()).toEqual(['house=', 'house!=', 'meadow!=', 'red='])
    const [edit] = (await rig.call('staging.list', which)).edits
    await rig.call('staging.accept', { ...which, operation: edit!.operation, ordinals: [0] })
    rig.orders.asked.length = 0
    expect(await rig.ended((await rig.call('history.replay', { ...which, from: edit!.operation, change: {} })).job)).toMatchObject({ state: 'done', error: null })
    expect(asked().sort()).toEqual(['house!=', 'house=', 'meadow!=', 'red='])
  }, 60_000)
})

describe('replay', () => {
  it('makes every variation again, each with its own seed, and the one that was chosen stays chosen', async () => {
    const { which } = await sampleDocument(rig, 'Replay variations')
    await brushMask(rig, which)
    await rig.ended((await rig.call('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a cat', variations: 3, sampling: { seed: 10 } } })).job)
    const [edit] = (await rig.call('staging.list', which)).edits
    await rig.call('staging.accept', { ...which, operation: edit!.operation, ordinals: [1] })
    const asked = rig.orders.asked.length
    const same = await rig.ended((await rig.call('history.replay', { ...which, from: edit!.operation, change: {} })).job)
    expect(rig.orders.asked.slice(asked).map(({ seed }) => seed)).toEqual([10, 11, 12])
    const chosen = async (operation: number): Promise<unknown[]> => (await rig.call('history.show', { project: which.project, operation })).results.map(({ role, seed, chosen: is, media }) => [role, seed, is, media])
    expect(await chosen(same.operation!)).toEqual(await chosen(edit!.operation))
    const moved = await rig.ended((await rig.call('history.replay', { ...which, from: edit!.operation, change: { seed: 20 } })).job)
    expect((await chosen(moved.operation!)).map((result) => (result as unknown[]).slice(0, 3))).toEqual([['patch', 20, false], ['patch-mask', 20, false], ['patch', 21, true], ['patch-mask', 21, true], ['patch', 22, false], ['patch-mask', 22, false]])
  })

  it('does a step again with another parameter on a branch of its own, and the document goes there', async () => {
    const { which } = await sampleDocument(rig, 'Replay')
    await brushMask(rig, which, whiteBox(80, 80, 12, 12))
    const { job } = await rig.call('edit.run', { ...which, intent: { intent: 'remove', grow: 2 } })
    await rig.ended(job)
    const { edits } = await rig.call('staging.list', which)
    const accepted = await rig.call('staging.accept', { ...which, operation: edits[0]!.operation, ordinals: [0] })
    const replay = await rig.ended((await rig.call('history.replay', { ...which, from: edits[0]!.operation, change: { params: { grow: 8 } } })).job)
    expect(replay).toMatchObject({ state: 'done', result: { steps: 1 } })
    const view = await rig.call('documents.open', which)
    const [before, now] = [accepted, view].map(({ layers }) => layers.find(({ kind }) => kind === 'edit-result')!.size!)
    expect(now!.width).toBeGreaterThan(before!.width)
    const { operations } = await rig.call('history.list', which)
    expect(operations.at(-1)).toMatchObject({ kind: 'remove', parent: operations.find(({ id }) => id === edits[0]!.operation)!.parent, lane: 0 })
    expect(operations.find(({ id }) => id === edits[0]!.operation)!.lane).toBe(1)
    const recipe = await rig.call('history.recipe', { project: which.project, operations: operations.map(({ id }) => id) })
    expect(recipe.masks).toHaveLength(1)
    expect(JSON.parse(recipe.text)).toMatchObject({ format: 'palimpsest-recipe', steps: [{ task: 'remove', grow: 2 }, { task: 'remove', grow: 8 }] })
  })
})
