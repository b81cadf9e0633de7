/** Words: describing a picture, chips, attention maps, inversions. */
import path from 'node:path'
import type { OutputOf } from '../../../preload/contract/channels.ts'
import type { editMethods } from '../../../preload/contract/edits.ts'
import { EngineError } from '../../engine/errors.ts'
import type { JobRun } from '../../jobs/queue.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { wordChips } from '../edits/chips.ts'
import { defaultModels } from '../edits/defaultModels.ts'
import { type Described, describedKey, invertWork } from '../edits/inversions.ts'
import { sampled } from '../edits/requests.ts'
import { type WrittenWords, writtenWords } from '../edits/writtenWords.ts'
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
    'words.describe': async ({ model, look, ...which }) => describe(at(which), model, look),
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
      if (fidelity) return { ready: true, fidelity, predictedSeconds: null }
      // asked for before the engine is given something to do: a window wants to know whether looking is worth it
      const predictedSeconds = await idle.forecast(session, described)
      idle.rest(session)
      return { ready: false, fidelity: null, predictedSeconds }
    },
  }
}

type Description = OutputOf<'words.describe'>

/** The document in words: from its history, else by the model's probe; `look` says when the model is asked. */
async function describe(session: DocumentSession, model: string | undefined, look: 'never' | 'needed' | 'always'): Promise<Description> {
  const written = writtenWords(session)
  if (look !== 'always' && written) return { text: written.text, from: written.said ? 'typed' : 'recipe', note: noteOf(written), source: written.source }
  const source = written?.source ?? null
  if (look === 'never') return { text: null, from: 'none', note: '', source }
  const { services } = session
  return services.scratch.within(async (folder) => {
    const { file: image } = await session.exclusively(() => session.pixels.composite(folder))
    try {
      const answer = await services.models.run({ task: 'describe', image: path.resolve(image), model: model ?? defaultModels(services).draw, device: services.settings.get().device })
      return { text: String(answer['caption']), from: 'probe', note: 'Described by the model; change what is wrong.', source }
    } catch (error) {
      if (error instanceof EngineError && error.code === 'model/no-describer') return { text: null, from: 'none', note: 'This model cannot describe pictures; type what the picture shows.', source }
      throw error
    }
  })
}

function noteOf({ said, stale }: WrittenWords): string {
  if (stale) return 'Parts of the picture were painted since it was described; change what no longer fits.'
  return said ? 'You described the picture with these words.' : 'These are the words that the picture was made with.'
}
