/** Typed calls and events over the bridge: the only way from the window to the program. */
import type { Bridge } from '../../preload/contract/bridge.ts'
import { type EventData, type EventName, type InputOf, type Method, type OutputOf, events, isMethod } from '../../preload/contract/channels.ts'
import { type Result, unwrap } from '../../preload/contract/result.ts'

declare global {
  interface Window {
    /** Electron's preload or the browser client puts it there before anything else runs. */
    palimpsest: Bridge
  }
}

/** The bridge of this window. */
export function bridge(): Bridge {
  return window.palimpsest
}

/**
 * Calls a method of the host.
 * @throws AppError with the host's sentence
 */
export async function call<M extends Method>(method: M, input: InputOf<M>): Promise<OutputOf<M>> {
  return unwrap((await bridge().call(method, input)) as Result<OutputOf<M>>) // the host checks its answers against the contract
}

type Listener = (data: unknown) => void
const listeners = new Map<EventName, Set<Listener>>()
let listening = false

/** Listens to one event; returns how to stop. */
export function on<E extends EventName>(event: E, listener: (data: EventData<E>) => void): () => void {
  if (!listening) {
    listening = true
    bridge().onEvent((name, data) => {
      if (Object.hasOwn(events, name)) for (const each of listeners.get(name as EventName) ?? []) each(data) // hasOwn checks the name
    })
  }
  const set = listeners.get(event) ?? new Set<Listener>()
  listeners.set(event, set)
  set.add(listener as Listener) // data of this event is what this listener takes
  return () => set.delete(listener as Listener)
}

/** Whether a text names a method of the contract: for commands that carry their call as data. */
export { isMethod }
