/** One piece of the models screen's store. */
import { type ModelsScreenActions, type ModelsScreenState, modelsScreenStore } from '../../stores/models.ts'
import { useStore } from '../../stores/useStore.ts'

/** The component renders again when the piece is another one. */
export function useModels<Piece>(select: (state: ModelsScreenState & ModelsScreenActions) => Piece): Piece {
  return useStore(modelsScreenStore, select)
}
