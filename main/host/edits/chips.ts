/** The words of a description as chips, as the model's own tokenizer reads them. */
import type { OutputOf } from '../../../preload/contract/channels.ts'
import type { HostServices } from '../services.ts'

/** See the contract's `words.chips`. */
export type Chips = OutputOf<'words.chips'>

const kept = new WeakMap<HostServices, Map<string, Promise<Chips>>>()
const KEPT = 200

/** Asks the engine once for each text and model. @throws EngineError as the engine's `words` */
export function wordChips(services: HostServices, text: string, model: string): Promise<Chips> {
  const known = kept.get(services) ?? new Map<string, Promise<Chips>>()
  kept.set(services, known)
  const key = `${model}\n${text}`
  const found = known.get(key)
  if (found) return found
  const asked = services.pixels.run({ task: 'words', prompt: text, model }).then((answer) => ({ chips: answer['chips'], lost: answer['lost'] }) as Chips) // as the task tells it; checked on the way out
  known.set(key, asked)
  asked.catch(() => known.delete(key))
  if (known.size > KEPT) known.delete(known.keys().next().value!)
  return asked
}
