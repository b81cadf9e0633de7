/** The type of a handlers file: every method of its topic, so that a missing one does not compile. */
import type { Handlers, Method } from '../../../preload/contract/channels.ts'

/** Handlers of the methods of one part of the contract. */
export type Topic<Table> = Pick<Handlers, Extract<keyof Table, Method>>
