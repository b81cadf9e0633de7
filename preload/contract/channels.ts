/**
 * The contract: everything a window can ask of the host, and everything the host tells it. One row a method (input and
 * output schema) and one row an event. Both hosts (Electron's and the served one) and both clients speak exactly this.
 */
import { z } from 'zod'
import { appInfo, appMethods, networkStatus, notice, settings } from './app.ts'
import { batchEvents, batchMethods } from './batch.ts'
import { documentEvents, documentMethods } from './documents.ts'
import { editEvents, editMethods } from './edits.ts'
import { fileEvents, fileMethods } from './files.ts'
import { historyMethods } from './history.ts'
import { modelEvents, modelMethods } from './models.ts'

/** Goes up when a message changes its meaning. */
export const CONTRACT_VERSION = 1

/** Every method by its name. */
export const methods = { ...appMethods, ...fileMethods, ...documentMethods, ...historyMethods, ...editMethods, ...modelMethods, ...batchMethods } as const

/** Every event by its name. */
export const events = {
  ...fileEvents, ...documentEvents, ...editEvents, ...modelEvents, ...batchEvents,
  notice,
  /** more is known of the program: the devices, once they have been tested */
  'app.changed': z.object({ info: appInfo }),
  'settings.changed': z.object({ settings }),
  'network.changed': networkStatus,
  /** the host has gone and come back: what was open must be opened again */
  'host.restarted': z.object({ reason: z.string() }),
} as const

/** Name of a method. */
export type Method = keyof typeof methods
/** What a method is called with, defaults left out. */
export type InputOf<M extends Method> = z.input<(typeof methods)[M]['input']>
/** What a handler gets: the input, checked, with defaults. */
export type CheckedInputOf<M extends Method> = z.output<(typeof methods)[M]['input']>
/** What a method answers. */
export type OutputOf<M extends Method> = z.output<(typeof methods)[M]['output']>
/** Name of an event. */
export type EventName = keyof typeof events
/** What an event carries. */
export type EventData<E extends EventName> = z.output<(typeof events)[E]>

/** A value as a host may give it: bytes may lie in any kind of buffer, lists may be read-only. */
export type Given<T> = T extends Uint8Array ? Uint8Array : T extends readonly (infer Item)[] ? readonly Given<Item>[] : T extends object ? { readonly [K in keyof T]: Given<T[K]> } : T

/** A handler for every method: what a host is. */
export type Handlers = { readonly [M in Method]: (input: CheckedInputOf<M>) => Promise<Given<OutputOf<M>>> | Given<OutputOf<M>> }

/** Whether a text names a method. */
export function isMethod(name: string): name is Method {
  return Object.hasOwn(methods, name)
}
