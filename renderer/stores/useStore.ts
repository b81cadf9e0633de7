/** Stores are vanilla: the canvas and tests use them without React, components through this hook. */
import { useStore as useZustand } from 'zustand'
import { useShallow } from 'zustand/react/shallow'
import type { StoreApi } from 'zustand/vanilla'

/** One piece of a store; the component renders again when that piece is another one. */
export function useStore<State, Piece>(store: StoreApi<State>, select: (state: State) => Piece): Piece {
  return useZustand(store, select)
}

/** Like {@link useStore} for selectors that build a new object or list: compared one level deep. */
export function useShallowStore<State, Piece>(store: StoreApi<State>, select: (state: State) => Piece): Piece {
  return useZustand(store, useShallow(select))
}
