import { beforeEach, describe, expect, it } from 'vitest'
import type { ModelRow } from '../../../../preload/contract/models.ts'
import { obstacle } from '../../../../renderer/app/actions/runEdit.ts'
import { swapIntent } from '../../../../renderer/stores/words/intent.ts'
import { documentStore } from '../../../../renderer/stores/documentStore.ts'
import { editStore, provideSwap, setForm } from '../../../../renderer/stores/editStore.ts'
import { modelsStore } from '../../../../renderer/stores/modelsStore.ts'
import { wordsStore } from '../../../../renderer/stores/words.ts'
import { chipsOf, remove, typeOver } from '../../../../renderer/stores/words/chips.ts'
import { NO_WORDS } from '../../../../renderer/stores/words/state.ts'
import { documentWith } from '../things.ts'

const model = (id: string, problem: string | null = null): ModelRow => ({ id, problem } as ModelRow) // all that is asked of it here

beforeEach(() => {
  documentStore.setState(documentStore.getInitialState(), true)
  editStore.setState(editStore.getInitialState(), true)
  modelsStore.setState(modelsStore.getInitialState(), true)
  wordsStore.setState(wordsStore.getInitialState(), true)
  documentStore.setState({ document: documentWith() })
  modelsStore.setState({ read: true, models: [model('starter'), model('broken', 'a part is missing')], drawDefault: 'starter', fillDefault: '' })
})

describe('what keeps Go from being pressed', () => {
  it('is a model that is missing or damaged, except for Remove, and not before models were read', () => {
    setForm({ intent: 'restyle' })
    expect(obstacle()).toBeNull()
    setForm({ model: 'gone' })
    expect(obstacle()).toBe('edit.need.model')
    setForm({ model: 'broken' })
    expect(obstacle()).toBe('edit.need.model')
    setForm({ intent: 'remove' })
    expect(obstacle()).toBe('edit.need.mask')
    setForm({ intent: 'restyle' })
    modelsStore.setState({ read: false })
    expect(obstacle()).toBeNull()
  })

  it('is said of a swap as what is missing: a description, a change, a word', () => {
    const stop = provideSwap({ intent: () => swapIntent(wordsStore.getState(), null), changed: () => () => undefined })
    const chips = chipsOf(['red', 'cat'].map((word) => ({ text: word, word, known: null })), [])
    setForm({ intent: 'swap' })
    expect(obstacle()).toBe('edit.need.words')
    wordsStore.setState({ ...NO_WORDS, description: 'red cat', chips })
    expect(obstacle()).toBe('edit.need.change')
    wordsStore.setState({ chips: typeOver(chips, 1, 'dog') })
    expect(obstacle()).toBeNull()
    wordsStore.setState({ chips: remove(remove(chips, 0), 1) })
    expect(obstacle()).toBe('edit.need.word-left')
    stop()
  })
})
