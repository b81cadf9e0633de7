/** The store of the batch screen: the form, the plan, the runs, and the pictures of the run that is looked at. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { BatchItem, BatchView } from '../../preload/contract/batch.ts'
import type { OutputOf } from '../../preload/contract/channels.ts'
import { call, on } from '../api/client.ts'
import { type Api, sentenceOf } from './awaitJob.ts'
import { type BatchForm, EMPTY_BATCH, planOf } from './batch/form.ts'
import { NEW_WALL, type Verdict, type Wall, afterVerdict, onWall } from './batch/review.ts'

/** Pictures asked for at a time. */
const PAGE = 500

/** A recipe that was read: its steps in words. */
export type ReadRecipe = OutputOf<'batch.check'>

/** See the head of this file. `items` by their place; holes have not been read yet. */
export interface BatchState {
  readonly form: BatchForm
  readonly recipe: ReadRecipe | null
  readonly recipeProblem: string | null
  readonly planning: boolean
  readonly problem: string | null
  readonly batches: readonly BatchView[]
  /** the run that is looked at; null shows the form */
  readonly current: BatchView | null
  readonly items: readonly BatchItem[]
  readonly wall: Wall
}

/** What a person can do. */
export interface BatchActions {
  /** reads the runs there are, and listens to them; returns how to stop */
  watch(): () => void
  setForm(change: Partial<BatchForm>): void
  /** takes the text of a recipe and reads it */
  setRecipe(text: string): Promise<void>
  plan(): Promise<void>
  start(): Promise<void>
  pause(): Promise<void>
  cancel(): Promise<void>
  /** looks at a run, or at the form */
  look(batch: string | null): Promise<void>
  setWall(change: Partial<Wall>): void
  judge(index: number, verdict: Verdict): Promise<void>
}

/** The batch store. */
export type BatchStore = StoreApi<BatchState & BatchActions>

/** Creates the store. */
export function createBatchStore(api: Api): BatchStore {
  return createStore<BatchState & BatchActions>()((set, get) => {
    const tried = async (work: () => Promise<void>): Promise<void> => {
      set({ problem: null })
      try {
        await work()
      } catch (error) {
        set({ problem: sentenceOf(error) })
      }
    }
    const take = (view: BatchView): void => set(({ batches, current }) => ({
      batches: batches.some(({ batch }) => batch === view.batch) ? batches.map((old) => (old.batch === view.batch ? view : old)) : [view, ...batches],
      current: current?.batch === view.batch ? view : current,
    }))
    const takeItem = (item: BatchItem): void => set(({ items }) => ({ items: items.map((old) => (old.index === item.index ? item : old)) }))
    const steer = (method: 'batch.start' | 'batch.pause' | 'batch.cancel') => (): Promise<void> => tried(async () => {
      const { current } = get()
      if (current) take(await api.call(method, { batch: current.batch }))
    })
    /** Every picture of a run: a wall that is filtered needs to know them all. */
    const readItems = async (batch: string): Promise<void> => {
      for (;;) {
        const page = await api.call('batch.items', { batch, from: get().items.length, count: PAGE })
        if (get().current?.batch !== batch) return
        set(({ items }) => ({ items: [...items, ...page.items] })) // news that came meanwhile stays
        if (page.items.length === 0 || get().items.length >= page.total) return
      }
    }
    let asked = 0
    return {
      form: EMPTY_BATCH, recipe: null, recipeProblem: null, planning: false, problem: null, batches: [], current: null, items: [], wall: NEW_WALL,
      watch() {
        const stops = [
          api.on('batch.changed', ({ view }) => take(view)),
          api.on('batch.item', ({ batch, item }) => { if (get().current?.batch === batch) takeItem(item) }),
        ]
        void tried(async () => set({ batches: (await api.call('batch.list', {})).batches }))
        return () => stops.forEach((stop) => stop())
      },
      setForm: (change) => set(({ form }) => ({ form: { ...form, ...change } })),
      async setRecipe(text) {
        const mine = ++asked
        set(({ form }) => ({ form: { ...form, recipe: text }, recipe: null, recipeProblem: null }))
        if (text.trim() === '') return
        try {
          const recipe = await api.call('batch.check', { recipe: text })
          if (mine === asked) set({ recipe })
        } catch (error) {
          if (mine === asked) set({ recipeProblem: sentenceOf(error) })
        }
      },
      plan: () => tried(async () => {
        const plan = planOf(get().form)
        if (!plan || get().planning) return
        set({ planning: true })
        const view = await api.call('batch.plan', plan).finally(() => set({ planning: false }))
        take(view)
        await get().look(view.batch)
      }),
      start: steer('batch.start'),
      pause: steer('batch.pause'),
      cancel: steer('batch.cancel'),
      look: (batch) => tried(async () => {
        const current = get().batches.find((view) => view.batch === batch) ?? null
        set({ current, items: [], wall: NEW_WALL })
        if (current) await readItems(current.batch)
      }),
      setWall: (change) => set(({ wall }) => ({ wall: { ...wall, ...change } })),
      judge: (index, verdict) => tried(async () => {
        const { current, items, wall } = get()
        if (!current) return
        const next = afterVerdict(onWall(items, wall.filter), index)
        takeItem(await api.call('batch.review', { batch: current.batch, index, verdict }))
        // a picture that has been decided may leave the wall; one stands on the next in either case
        set((state) => (state.wall.cursor === index ? { wall: { ...state.wall, cursor: next } } : {}))
      }),
    }
  })
}

/** The window's batch store. */
export const batchStore = createBatchStore({ call, on })
