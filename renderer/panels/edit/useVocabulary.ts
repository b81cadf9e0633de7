/** The words that the model in use knows, where it lists them. */
import { useMemo } from 'react'
import { editStore } from '../../stores/editStore.ts'
import { modelFor, modelsStore } from '../../stores/modelsStore.ts'
import { useStore } from '../../stores/useStore.ts'

/** See the file's head: as a list in its order and as a set; null where the model lists none. */
export function useVocabulary(): { readonly list: readonly string[] | null; readonly set: ReadonlySet<string> | null } {
  const chosen = useStore(editStore, (state) => state.model)
  const intent = useStore(editStore, (state) => state.intent)
  const list = useStore(modelsStore, (state) => modelFor(state, chosen, intent === 'fill' || intent === 'expand' ? 'fill' : 'draw')?.vocabulary ?? null)
  const set = useMemo(() => list && new Set(list.map((word) => word.toLowerCase())), [list])
  return { list, set }
}
