/** Words: describing a picture, chips, attention maps, inversions. */
import path from 'node:path'
import type { editMethods } from '../../../preload/contract/edits.ts'
import { EngineError } from '../../engine/errors.ts'
import type { JobRun } from '../../jobs/queue.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { wordChips } from '../edits/chips.ts'
import { defaultModels } from '../edits/defaultModels.ts'
import { type Described, describedKey, invertWork, predictInversion } from '../edits/inversions.ts'
import { sampled } from '../edits/requests.ts'
import type { HostParts } from '../host.ts'
import type { Topic } from './topic.ts'

type WordMethods = Pick<typeof editMethods, Extract<keyof typeof editMethods, `words.${string}`>>
type InDocument = { readonly project: string; readonly document: number }

/** See {@link Topic}. */
export function wordHandlers({ services, sessions, maps, idle }: HostParts): Topic<WordMethods> {
  const { jobs, models, scratch } = services
  const at = ({ project, document }: InDocument): DocumentSession => sessions.get(project, document)
  const look = (session: DocumentSession, { description, model, sampling }: Described, run: JobRun): Promise<unknown> => scratch.within(async (folder) => {
    run.phase('prepare')
    const { file: image } = await session.exclusively(() => session.pixels.composite(folder, undefined, run.signal))
    const fields = sampled({ ...sampling, ...(model === undefined ? {} : { model }) }, defaultModels(services).draw, services.settings.get().device)
    const out = scratch.path('attention') // stays for the session: masks are made of the maps later
    const answer = await models.run({ ...fields, task: 'attention', image, prompt: description, out }, { signal: run.signal, onEvent: run.onEvent })
    const { id, set } = maps.add(String(answer['maps']))
    return { maps: id, words: set.words, width: set.width, height: set.height }
  })
  return {
    'words.describe': async ({ model, ...which }) => describe(at(which), model),
    'words.chips': ({ text, model }) => wordChips(services, text, model ?? defaultModels(services).draw),
    'words.attention': ({ project, document, ...described }) => {
      const session = at({ project, document })
      idle.described(session, described)
      return { job: jobs.add({ kind: 'attention', title: 'Look at the words', project, document, work: async (run) => ({ result: await look(session, described, run) }) }) }
    },
    'words.map': ({ maps: id, index }) => maps.grey(id, index),
    'words.invert': ({ project, document, method, ...described }) => {
      const session = at({ project, document })
      idle.described(session, described)
      return { job: jobs.add({ kind: 'invert', title: 'Find the noise behind the picture', project, document, work: async (run) => ({ result: await invertWork(session, described, method, run, idle.ready) }) }) }
    },
    'words.ready': async ({ project, document, ...described }) => {
      const session = at({ project, document })
      idle.described(session, described)
      const fidelity = idle.ready.get(describedKey(session, described)) ?? null
      if (!fidelity) idle.rest(session)
      const predictedSeconds = fidelity || jobs.busy || models.busy ? null : await predictInversion(session, described, { signal: AbortSignal.timeout(20_000) })
      return { ready: fidelity !== null, fidelity, predictedSeconds }
    },
  }
}

/** Steps after which what was said of the picture may no longer be so. */
const TELLING_NOTHING: ReadonlySet<string> = new Set(['inpaint', 'remove', 'outpaint'])

/** The newest words of the document's history: what a swap made of it, what it was drawn from, what its file carried. */
function writtenWords({ opened, head }: DocumentSession): string | undefined {
  for (const id of opened.reader.ancestry(head).reverse()) {
    const { kind, params, results } = opened.reader.operation(id)
    if (TELLING_NOTHING.has(kind)) return undefined
    const recipe = (kind === 'open' ? params['recipe'] : undefined) as Readonly<Record<string, unknown>> | undefined // read with care below
    const found = kind === 'swap' ? results.find(({ chosen }) => chosen)?.metrics['target'] : kind === 'txt2img' || kind === 'img2img' ? params['prompt'] : (recipe?.['target'] ?? recipe?.['prompt'])
    if (typeof found === 'string' && found.trim() !== '') return found
  }
  return undefined
}

/** The document in words: from its history, else by the model's probe. */
async function describe(session: DocumentSession, model: string | undefined): Promise<{ text: string | null; from: 'recipe' | 'probe' | 'none'; note: string }> {
  const { services } = session
  const written = writtenWords(session)
  if (written !== undefined) return { text: written, from: 'recipe', note: 'These are the words that the picture was made with.' }
  return services.scratch.within(async (folder) => {
    const { file: image } = await session.exclusively(() => session.pixels.composite(folder))
    try {
      const answer = await services.models.run({ task: 'describe', image: path.resolve(image), model: model ?? defaultModels(services).draw, device: services.settings.get().device })
      return { text: String(answer['caption']), from: 'probe', note: 'Described by the model; change what is wrong.' }
    } catch (error) {
      if (error instanceof EngineError && error.code === 'model/no-describer') return { text: null, from: 'none', note: 'This model cannot describe pictures; type what the picture shows.' }
      throw error
    }
  })
}
