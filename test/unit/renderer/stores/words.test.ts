import { describe, expect, it, vi } from 'vitest'
import { intent } from '../../../../preload/contract/edits.ts'
import { createWordsStore } from '../../../../renderer/stores/words.ts'
import { glowOf, obstacleOf, seenGlow, swapIntent, targetText } from '../../../../renderer/stores/words/intent.ts'
import { type FakeApi, fakeApi, JOB, jobIn, PROJECT, refusal } from './fakeApi.ts'

const MAPS = 'map_0123456789abcdef'
const VOCABULARY = ['a', 'red', 'cat', 'in', 'snow', 'dog']
const FIDELITY = { method: 'direct', psnr: 31, ssim: 0.9, seconds: 4, faithful: true, errorMap: 'errormap1' }

function host(more: FakeApi['answers'] = {}): FakeApi {
  return fakeApi({
    'words.chips': ({ text }: { text: string }) => ({ chips: text.split(' ').map((word) => ({ text: word, word, known: VOCABULARY.includes(word), tokens: 1 })), lost: [] }),
    'words.ready': () => ({ ready: false, fidelity: null, predictedSeconds: 12 }),
    'words.describe': () => ({ text: 'a red cat in snow', from: 'recipe', note: '', source: 1 }),
    'words.attention': () => ({ job: JOB }),
    'words.invert': () => ({ job: JOB }),
    'words.map': () => ({ width: 2, height: 1, bytes: new Uint8Array([10, 255]) }),
    ...more,
  })
}

async function open(api = host()) {
  const store = createWordsStore(api)
  store.getState().open({ project: PROJECT, document: 1 })
  await store.getState().setDescription('a red cat in snow')
  return { api, store, state: store.getState }
}

const attention = (words: readonly string[]) => ({ maps: MAPS, width: 2, height: 1, words: words.map((word, index) => ({ word, index, diffuse: false })) })

describe('the description', () => {
  it('comes from the picture and becomes chips, flagged by vocabulary', async () => {
    const store = createWordsStore(host({ 'words.describe': () => ({ text: 'a zebra', from: 'recipe', note: 'from its recipe', source: 1 }) }))
    store.getState().open({ project: PROJECT, document: 1 })
    await store.getState().describe()
    expect(store.getState()).toMatchObject({ description: 'a zebra', from: 'recipe', note: 'from its recipe', predictedSeconds: 12, reading: false })
    expect(store.getState().chips.map(({ known }) => known)).toEqual([true, false])
  })

  it('stays what it was when the host cannot tell, with the reason', async () => {
    const { state, api } = await open()
    api.answers['words.describe'] = () => ({ text: null, from: 'none', note: 'no recipe', source: null })
    await state().describe()
    expect(state()).toMatchObject({ description: 'a red cat in snow', note: 'no recipe', from: 'typed' })
  })

  it('does not take the answer to an older question', async () => {
    const { state, api } = await open()
    let late!: (answer: unknown) => void
    api.answers['words.chips'] = ({ text }: { text: string }) => (text === 'old' ? new Promise((resolve) => { late = resolve }) : { chips: [{ text: 'new', word: 'new', known: null, tokens: 1 }], lost: [] })
    const first = state().setDescription('old')
    await state().setDescription('new')
    late({ chips: [{ text: 'old', word: 'old', known: null, tokens: 1 }], lost: [] })
    await first
    expect(state().chips.map(({ text }) => text)).toEqual(['new'])
    expect(state().reading).toBe(false)
  })

  it('keeps the sentence of a failure', async () => {
    const { state, api } = await open()
    api.answers['words.chips'] = () => { throw refusal('no model') }
    await state().setDescription('cat')
    expect(state()).toMatchObject({ problem: 'no model', reading: false, chips: [] })
  })
})

describe('the description and the history', () => {
  /** A host whose history has words: what the panel is told when a picture changes. */
  const telling = (api: FakeApi, text: string | null, source: number | null, from = 'recipe'): void => {
    api.answers['words.describe'] = () => ({ text, from, note: '', source })
  }
  const described = async () => {
    const api = host()
    const store = createWordsStore(api)
    store.getState().open({ project: PROJECT, document: 1 })
    await store.getState().describe()
    return { api, state: store.getState }
  }

  it('is what a swap made of it once that is kept, and the old one again after undo', async () => {
    const { api, state } = await described()
    await state().setDescription('a cat in deep snow')
    await state().typeOver(1, 'dog')
    telling(api, 'a dog in deep snow', 5)
    state().pictureChanged()
    await vi.waitFor(() => expect(state().description).toBe('a dog in deep snow'))
    await vi.waitFor(() => expect(state().chips.map(({ source }) => source)).toEqual(['a', 'dog', 'in', 'deep', 'snow']))
    expect(obstacleOf(state())).toBe('nothing-changed')
    telling(api, 'a cat in deep snow', 1, 'typed')
    state().pictureChanged()
    await vi.waitFor(() => expect(state()).toMatchObject({ description: 'a cat in deep snow', from: 'typed' }))
    expect(api.asked.filter(({ method }) => method === 'words.describe').map(({ input }) => input['look'])).toEqual(['needed', 'never', 'never'])
  })

  it('stays, with what is being changed in it, after a step that has no words', async () => {
    const { api, state } = await described()
    await state().setDescription('a cat in deep snow')
    await state().typeOver(1, 'dog')
    api.asked.length = 0
    state().pictureChanged()
    await vi.waitFor(() => expect(api.asked.map(({ method }) => method)).toContain('words.ready'))
    expect(state().description).toBe('a cat in deep snow')
    expect(targetText(state())).toBe('a dog in deep snow')
  })

  it('is typed again where the history goes back to before there were words', async () => {
    const { api, state } = await described()
    telling(api, null, null, 'none')
    state().pictureChanged()
    await vi.waitFor(() => expect(state()).toMatchObject({ description: '', from: 'none', chips: [], reading: false }))
  })

  it('that a person typed before the host had answered is not overwritten', async () => {
    const { api, state } = await open()
    telling(api, 'a zebra', 4)
    state().pictureChanged()
    await vi.waitFor(() => expect(state().source).toBe(4))
    expect(state().description).toBe('a red cat in snow')
  })

  it('is asked for anew when the picture changes while it is read', async () => {
    const api = host()
    const store = createWordsStore(api)
    let late!: (answer: unknown) => void
    api.answers['words.describe'] = () => new Promise((resolve) => { late = resolve })
    store.getState().open({ project: PROJECT, document: 1 })
    const first = store.getState().describe()
    await vi.waitFor(() => expect(late).toBeDefined())
    telling(api, 'a dog', 2)
    store.getState().pictureChanged()
    late({ text: 'an old cat', from: 'probe', note: '', source: 1 })
    await first
    await vi.waitFor(() => expect(store.getState()).toMatchObject({ description: 'a dog', reading: false }))
  })

  it('lets the model look when the words of the history are shown already', async () => {
    const { api, state } = await described()
    telling(api, 'a small red cat', 1, 'probe')
    await state().describe()
    expect(state()).toMatchObject({ description: 'a small red cat', from: 'probe' })
    await state().describe()
    expect(api.asked.filter(({ method }) => method === 'words.describe').map(({ input }) => input['look'])).toEqual(['needed', 'always', 'needed'])
  })
})

describe('what lies over the picture', () => {
  it('is no glow while a result is judged, only what is asked for on purpose', async () => {
    const { state, store } = await open()
    const map = { width: 1, height: 1, bytes: new Uint8Array([255]) }
    store.setState({ maps: { set: MAPS, places: new Map([[2, { index: 0, word: 'cat', diffuse: false }]]), read: new Map([[0, map]]) }, shown: { chip: 2, asMask: false }, fidelity: FIDELITY })
    expect(seenGlow(state(), false)).toMatchObject({ kind: 'glow', word: 'cat' })
    expect(seenGlow(state(), true)).toBeNull()
    store.setState({ shown: { chip: 2, asMask: true } })
    expect(seenGlow(state(), true)).toMatchObject({ kind: 'mask' })
    store.setState({ shown: null, errorShown: true })
    expect(seenGlow(state(), true)).toMatchObject({ kind: 'error' })
  })
})

describe('a swap', () => {
  it('is what the contract takes, with its left word out of the description', async () => {
    const { state } = await open()
    expect(obstacleOf(state())).toBe('nothing-changed')
    expect(swapIntent(state(), null)).toBeNull()
    await state().typeOver(2, 'dog')
    state().stepWeight(4, 2)
    const asked = intent.parse(swapIntent(state(), 7))
    expect(asked).toMatchObject({ intent: 'swap', description: 'a red cat in snow', swap: [{ from: 'cat', to: 'dog' }], weight: [{ word: 'snow', weight: 1.2 }], mask: null })
    state().setOptions({ confine: true, cross: 0.8 })
    expect(intent.parse(swapIntent(state(), 7))).toMatchObject({ mask: 7, cross: 0.8 })
  })

  it('can be written outright, until a chip is touched again', async () => {
    const { state } = await open()
    state().setOutright('a blue cat in snow')
    expect(swapIntent(state(), null)).toMatchObject({ target: 'a blue cat in snow', swap: [] })
    state().remove(1)
    expect(targetText(state())).toBe('a cat in snow')
    expect(swapIntent(state(), null)).toMatchObject({ remove: ['red'] })
    expect(swapIntent(state(), null)).not.toHaveProperty('target')
  })

  it('is nothing when every word is gone', async () => {
    const { state } = await open()
    state().setOutright('  ')
    expect(obstacleOf(state())).toBe('no-words-left')
  })

  it('learns whether the model knows what was typed', async () => {
    const { state } = await open()
    await state().typeOver(2, 'zebra')
    await state().add('dog')
    expect(state().chips.map(({ known }) => known)).toEqual([true, true, false, true, true, true])
  })

  it('carries painted wishes of the words that the target has', async () => {
    const { state } = await open()
    const tile = { x: 0, y: 0, bytes: new Uint8Array(4) }
    state().setPaint('cat', new Map([['0,0', tile]]))
    state().setPaint('snow', new Map())
    expect(swapIntent(state(), null)?.paint).toEqual([{ word: 'cat', tiles: [tile] }])
    await state().typeOver(2, 'dog')
    expect(swapIntent(state(), null)?.paint).toEqual([])
  })
})

describe('where words look', () => {
  it('is asked once, and each map read once', async () => {
    const { state, api } = await open()
    const looking = state().look()
    await state().show(2)
    expect(glowOf(state())).toBeNull()
    await vi.waitFor(() => expect(api.asked.at(-1)?.method).toBe('words.attention'))
    api.tell('job.changed', { job: jobIn('running', { phase: 'invert', step: 3, steps: 9 }) })
    expect(state().looking).toMatchObject({ step: 3, steps: 9 })
    api.tell('job.changed', { job: jobIn('done', { result: attention(['a', 'red', 'cat', 'in', 'snow']) }) })
    await looking
    expect(glowOf(state())).toMatchObject({ kind: 'glow', word: 'cat' })
    await state().show(null)
    await state().show(2, true)
    expect(glowOf(state())).toMatchObject({ kind: 'mask', word: 'cat', map: { width: 16, height: 8 } })
    expect(api.asked.filter(({ method }) => method === 'words.map')).toHaveLength(1)
    expect(state().looking).toBeNull()
  })

  it('is not missed when the job ends before its id is known', async () => {
    const { state, api } = await open()
    api.answers['words.attention'] = () => {
      api.tell('job.changed', { job: jobIn('done', { result: attention(['a', 'red', 'cat', 'in', 'snow']) }) })
      return { job: JOB }
    }
    await state().look()
    expect(state().maps?.places.size).toBe(5)
  })

  it('is asked once more, with what was changed meanwhile, after it failed', async () => {
    const { state, api } = await open()
    api.answers['words.attention'] = () => { throw refusal('the engine stopped') }
    await state().look()
    expect(state()).toMatchObject({ problem: 'the engine stopped', looking: null })
    await state().typeOver(2, 'dog')
    api.answers['words.attention'] = () => {
      api.tell('job.changed', { job: jobIn('done', { result: attention(['a', 'red', 'cat', 'in', 'snow']) }) })
      return { job: JOB }
    }
    await state().again!()
    expect(state()).toMatchObject({ problem: null, again: null })
    expect(state().maps?.places.size).toBe(5)
    expect(targetText(state())).toBe('a red dog in snow')
  })

  it('becomes a mask at the threshold that is seen', async () => {
    const { state, api } = await open(host({ 'document.change': () => { throw refusal('seen') } }))
    api.answers['words.attention'] = () => {
      api.tell('job.changed', { job: jobIn('done', { result: attention(['a', 'red', 'cat', 'in', 'snow']) }) })
      return { job: JOB }
    }
    await state().look()
    await state().show(2, true)
    state().setThreshold(0.55)
    await state().makeMask({ head: 9, activeMask: null }, 'add')
    expect(api.asked.at(-1)).toMatchObject({ method: 'document.change', input: { base: 9, change: { change: 'mask.select', mode: 'add', source: { from: 'attention', maps: MAPS, where: 'attention(cat) > 0.55' } } } })
    expect(state().problem).toBe('seen')
  })

  it('is forgotten when the picture changes', async () => {
    const { state, api } = await open()
    const looking = state().look()
    await vi.waitFor(() => expect(api.asked.at(-1)?.method).toBe('words.attention'))
    state().pictureChanged()
    api.tell('job.changed', { job: jobIn('done', { result: attention(['cat']) }) })
    await looking
    expect(state()).toMatchObject({ maps: null, looking: null, chips: expect.arrayContaining([expect.objectContaining({ text: 'cat' })]) as unknown })
  })
})

describe('the inversion', () => {
  it('starts unasked only when it is quick and not there yet', async () => {
    const { state, api } = await open()
    const invert = (): number => api.asked.filter(({ method }) => method === 'words.invert').length
    api.answers['words.ready'] = () => ({ ready: false, fidelity: null, predictedSeconds: 61 })
    state().pictureChanged()
    await vi.waitFor(() => expect(state().predictedSeconds).toBe(61))
    await state().invertWhenIdle()
    expect(invert()).toBe(0)
    api.answers['words.ready'] = () => ({ ready: false, fidelity: null, predictedSeconds: 20 })
    state().pictureChanged()
    await vi.waitFor(() => expect(state().predictedSeconds).toBe(20))
    const running = state().invertWhenIdle()
    await vi.waitFor(() => expect(invert()).toBe(1))
    api.tell('job.changed', { job: jobIn('done', { result: FIDELITY }) })
    await running
    expect(state()).toMatchObject({ ready: true, fidelity: FIDELITY, inverting: null })
    await state().invertWhenIdle()
    expect(invert()).toBe(1)
  })

  it('can be cancelled, and leaves no trace then', async () => {
    const { state, api } = await open(host({ 'jobs.cancel': () => ({}) }))
    const running = state().invert()
    await vi.waitFor(() => expect(state().inverting?.job).toBe(JOB))
    await state().cancel()
    expect(api.asked.at(-1)).toMatchObject({ method: 'jobs.cancel', input: { job: JOB } })
    api.tell('job.changed', { job: jobIn('cancelled') })
    await running
    expect(state()).toMatchObject({ ready: false, inverting: null, problem: null })
  })

  it('is told by a swap on its way, without a map of its error', async () => {
    const { state, api } = await open()
    api.answers['words.ready'] = () => ({ ready: false, fidelity: null, predictedSeconds: 3 })
    state().swapped({ psnr: 27, faithful: true })
    await vi.waitFor(() => expect(state().predictedSeconds).toBe(3))
    expect(state()).toMatchObject({ measured: { psnr: 27 }, fidelity: null })
    state().toggleError(true)
    expect(state().errorShown).toBe(false)
    state().pictureChanged()
    expect(state().measured).toBeNull()
  })

  it('shows its error only when there is one', async () => {
    const { state, api } = await open()
    state().toggleError(true)
    expect(glowOf(state())).toBeNull()
    api.answers['words.ready'] = () => ({ ready: true, fidelity: FIDELITY, predictedSeconds: null })
    state().pictureChanged()
    await vi.waitFor(() => expect(state().ready).toBe(true))
    state().toggleError()
    expect(glowOf(state())).toEqual({ kind: 'error', media: 'errormap1' })
  })

  it('tells why it failed', async () => {
    const { state, api } = await open()
    const running = state().invert()
    await vi.waitFor(() => expect(state().inverting?.job).toBe(JOB))
    api.tell('job.changed', { job: jobIn('failed', { error: { code: 'x/y', message: 'out of memory', exitCode: 1, details: {} } }) })
    await running
    expect(state().problem).toBe('out of memory')
  })
})
