/** One piece of the batch store. */
import { type BatchActions, type BatchState, batchStore } from '../../stores/batch.ts'
import { useStore } from '../../stores/useStore.ts'

/** The component renders again when the piece is another one. */
export function useBatch<Piece>(select: (state: BatchState & BatchActions) => Piece): Piece {
  return useStore(batchStore, select)
}
