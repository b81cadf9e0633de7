/** One piece of the words store. */
import { useStore } from '../../stores/useStore.ts'
import { type WordsActions, wordsStore } from '../../stores/words.ts'
import type { WordsState } from '../../stores/words/state.ts'

/** The component renders again when the piece is another one. */
export function useWords<Piece>(select: (state: WordsState & WordsActions) => Piece): Piece {
  return useStore(wordsStore, select)
}
