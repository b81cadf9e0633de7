/** The models as the manager shows them: the engine's list, with what their cards say. */
import type { ModelRow } from '../../../preload/contract/models.ts'
import type { HostServices } from '../services.ts'

/** A line of the engine's list. */
interface Listed {
  readonly id: string
  readonly name: string
  readonly path: string
  readonly source: 'bundled' | 'added'
  readonly kind?: string
  readonly family?: string
  readonly size?: number
  readonly bytes?: number
  readonly problem?: string
}

interface Shown {
  readonly licence?: string
  readonly vocabulary?: readonly string[] | null
  readonly components?: Readonly<Record<string, unknown>>
}

const kept = new WeakMap<HostServices, Promise<readonly ModelRow[]>>()

/** Every model; asked for once until {@link forgetModelRows}. */
export function modelRows(services: HostServices): Promise<readonly ModelRow[]> {
  const known = kept.get(services)
  if (known) return known
  const asked = ask(services)
  kept.set(services, asked)
  asked.catch(() => kept.delete(services))
  return asked
}

/** The list has changed: it is asked for again, and every window is told. */
export async function modelsChanged(services: HostServices): Promise<readonly ModelRow[]> {
  kept.delete(services)
  const models = await modelRows(services)
  services.emit('models.changed', { models: [...models] })
  return models
}

async function ask(services: HostServices): Promise<readonly ModelRow[]> {
  const { models } = await services.pixels.run({ task: 'models', action: 'list' })
  const downloads = `${services.setting.paths.data}/models/`.replaceAll('\\', '/')
  return Promise.all((models as readonly Listed[]).map(async (row): Promise<ModelRow> => { // as the task tells it
    const shown = row.problem === undefined ? await show(services, row.id) : {}
    const has = (component: string): boolean => shown.components !== undefined && component in shown.components
    return {
      id: row.id, name: row.name, source: row.path.replaceAll('\\', '/').startsWith(downloads) ? 'downloaded' : row.source, kind: row.kind ?? null, family: row.family ?? null,
      size: row.size ?? null, bytes: row.bytes ?? null, licence: shown.licence ?? null, vocabulary: shown.vocabulary ? [...shown.vocabulary] : null,
      can: { describe: has('probe'), clip: has('imageEncoder'), tinyPreview: has('tinyVae') },
      problem: row.problem === undefined ? null : services.scrub.text(row.problem),
    }
  }))
}

async function show(services: HostServices, id: string): Promise<Shown> {
  const { model } = await services.pixels.run({ task: 'models', action: 'show', target: id })
  return model as Shown // as the task tells it
}
