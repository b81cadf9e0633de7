/** Places that another part of the window fills: the app says once what goes where, and nobody imports the other. */
import { type ComponentType, Suspense, createContext, useContext } from 'react'

/** Id of a slot to its component. */
export const SlotsContext = createContext<ReadonlyMap<string, ComponentType>>(new Map())

/** Whether something fills a slot. */
export function useSlot(id: string): boolean {
  return useContext(SlotsContext).has(id)
}

/** What fills a slot; nothing when it is empty. */
export function Slot({ id }: { readonly id: string }) {
  const Content = useContext(SlotsContext).get(id)
  return Content ? <Suspense fallback={null}><Content /></Suspense> : null
}
