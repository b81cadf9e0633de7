import { describe, expect, it, vi } from 'vitest'
import type { BatchItem, BatchView } from '../../../../preload/contract/batch.ts'
import { createBatchStore } from '../../../../renderer/stores/batch.ts'
import { type FakeApi, fakeApi, refusal } from './fakeApi.ts'

const BATCH = 'bat_0123456789abcdef'
const view = (state: BatchView['state'], more: Partial<BatchView> = {}): BatchView => ({ batch: BATCH, name: 'red cars', state, total: 3, done: 0, failed: 0, review: 0, skipped: 0, etaSeconds: null, problems: [], ...more })
const item = (index: number, state: BatchItem['state'] = 'waiting'): BatchItem => ({ index, name: `${index}.png`, state, before: null, after: null, seconds: null, note: '', error: null })
const folder = (name: string) => ({ file: `fil_${name.padEnd(16, '0')}`, name, bytes: 0, folder: true })

function open(more: FakeApi['answers'] = {}) {
  const api = fakeApi({
    'batch.list': () => ({ batches: [] }),
    'batch.check': () => ({ steps: [{ task: 'swap', aim: 'everything', summary: 'cat becomes dog' }], name: 'pets' }),
    'batch.plan': () => view('planned', { problems: ['b.png has no mask'] }),
    'batch.items': ({ from }: { from: number }) => ({ items: [item(0), item(1), item(2)].slice(from), total: 3 }),
    'batch.start': () => view('running'),
    'batch.pause': () => view('paused'),
    'batch.cancel': () => view('cancelled'),
    ...more,
  })
  const store = createBatchStore(api)
  return { api, store, state: store.getState }
}

async function planned(more: FakeApi['answers'] = {}) {
  const all = open(more)
  all.state().watch()
  await all.state().setRecipe('{"steps": []}')
  all.state().setForm({ inputs: folder('in'), outputs: folder('out') })
  await all.state().plan()
  return all
}

describe('the batch store', () => {
  it('reads a recipe as steps, and keeps the sentence of one that is none', async () => {
    const { state, api } = open()
    await state().setRecipe('{}')
    expect(state().recipe?.steps[0]?.summary).toBe('cat becomes dog')
    api.answers['batch.check'] = () => { throw refusal('not JSON') }
    await state().setRecipe('{')
    expect(state()).toMatchObject({ recipe: null, recipeProblem: 'not JSON' })
    await state().setRecipe('')
    expect(state().recipeProblem).toBeNull()
  })

  it('does not take the reading of an older text', async () => {
    const { state, api } = open()
    let late!: (answer: unknown) => void
    api.answers['batch.check'] = ({ recipe }: { recipe: string }) => (recipe === 'a' ? new Promise((resolve) => { late = resolve }) : { steps: [], name: 'b' })
    const first = state().setRecipe('a')
    await state().setRecipe('b')
    late({ steps: [], name: 'a' })
    await first
    expect(state().recipe?.name).toBe('b')
  })

  it('plans, shows the problems before anything runs, and reads the pictures', async () => {
    const { state, api } = await planned()
    expect(state()).toMatchObject({ current: { state: 'planned', problems: ['b.png has no mask'] }, planning: false })
    expect(state().items).toHaveLength(3)
    expect(api.asked.some(({ method }) => method === 'batch.start')).toBe(false)
  })

  it('plans nothing while the form lacks something', async () => {
    const { state, api } = open()
    await state().plan()
    expect(api.asked).toEqual([])
  })

  it('reads the pictures page by page until it has them all', async () => {
    const many = Array.from({ length: 1201 }, (_, index) => item(index))
    const { state } = await planned({ 'batch.items': ({ from, count }: { from: number; count: number }) => ({ items: many.slice(from, from + count), total: many.length }) })
    expect(state().items.map(({ index }) => index)).toEqual(many.map(({ index }) => index))
  })

  it('follows the run: start, news of pictures, pause, cancel', async () => {
    const { state, api } = await planned()
    await state().start()
    expect(state().current?.state).toBe('running')
    api.tell('batch.item', { batch: BATCH, item: item(1, 'done') })
    api.tell('batch.item', { batch: 'bat_ffffffffffffffff', item: item(0, 'failed') })
    api.tell('batch.changed', { view: view('running', { done: 1, etaSeconds: 9 }) })
    expect(state().items.map((one) => one.state)).toEqual(['waiting', 'done', 'waiting'])
    expect(state().current).toMatchObject({ done: 1, etaSeconds: 9 })
    await state().pause()
    expect(state().batches).toMatchObject([{ state: 'paused' }])
    await state().cancel()
    expect(state().current?.state).toBe('cancelled')
  })

  it('decides a picture and stands on the next one that is open', async () => {
    const { state, api } = await planned({ 'batch.review': ({ index }: { index: number }) => item(index, 'accepted') })
    for (const index of [0, 1, 2]) api.tell('batch.item', { batch: BATCH, item: item(index, 'done') })
    state().setWall({ cursor: 0, view: 'pair' })
    await state().judge(0, 'accept')
    expect(state()).toMatchObject({ wall: { cursor: 1, view: 'pair' }, items: [{ state: 'accepted' }, { state: 'done' }, { state: 'done' }] })
    api.answers['batch.review'] = () => { throw refusal('disk full') }
    await state().judge(1, 'reject')
    expect(state()).toMatchObject({ problem: 'disk full', wall: { cursor: 1 } })
  })

  it('lists earlier runs and goes back to the form', async () => {
    const { state } = open({ 'batch.list': () => ({ batches: [view('done')] }) })
    state().watch()
    await vi.waitFor(() => expect(state().batches).toHaveLength(1))
    await state().look(BATCH)
    expect(state().items).toHaveLength(3)
    await state().look(null)
    expect(state()).toMatchObject({ current: null, items: [] })
  })
})
