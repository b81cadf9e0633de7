/** Models: the list, adding, checking, removing, downloading. */
import fs from 'node:fs'
import path from 'node:path'
import type { modelMethods } from '../../../preload/contract/models.ts'
import { EngineError, badInput } from '../../engine/errors.ts'
import { MODEL_SETTINGS, defaultModels } from '../edits/defaultModels.ts'
import { modelRows, modelsChanged } from '../edits/modelRows.ts'
import { makeFolder, moveDurably } from '../../history/durableFiles.ts'
import type { HostParts } from '../host.ts'
import type { Topic } from './topic.ts'

/** See {@link Topic}. */
export function modelHandlers({ services }: HostParts): Topic<typeof modelMethods> {
  const { files, pixels, models: lane, jobs, settings, downloads, scrub, setting } = services
  const known = async (id: string): Promise<Awaited<ReturnType<typeof modelRows>>[number]> => {
    const row = (await modelRows(services)).find((model) => model.id === id)
    if (row) return row
    throw badInput('model/unknown', { thing: `Model "${id}"`, expected: 'one of the list', found: 'none of that name', todo: 'look at the list again' })
  }
  /** A model that was sent to the served host lies among temporary files: once it can be opened it is kept for good. */
  const lastingPlace = async (place: string, configDir: { readonly configDir?: string }): Promise<string> => {
    if (!place.startsWith(services.scratch.folder)) return place
    await pixels.run({ task: 'models', action: 'show', target: place, ...configDir })
    const name = files.nameOf(place) ?? path.basename(place)
    for (let n = 1; ; n++) {
      const folder = path.join(setting.paths.data, 'models', n === 1 ? path.parse(name).name : `${path.parse(name).name}-${n}`)
      if (fs.existsSync(folder)) continue
      makeFolder(folder)
      moveDurably(place, path.join(folder, name))
      return path.join(folder, name)
    }
  }
  return {
    'models.list': async () => {
      const { draw, fill } = defaultModels(services)
      return { models: [...(await modelRows(services))], default: draw, defaultInpaint: fill }
    },
    'models.probe': async ({ file }) => {
      const { path: target } = files.file(file)
      try {
        const { model } = await pixels.run({ task: 'models', action: 'show', target })
        const { kind, family, layout, size, notes } = model as { kind: string; family: string; layout: string; size: number; notes: readonly string[] } // as the task tells it
        return { found: `${family} model for ${kind}, ${size} pixels, ${layout}`, usable: true, kind, family, notes: notes.map((note) => scrub.text(note)) }
      } catch (error) {
        if (!(error instanceof EngineError) || error.exitCode !== 2) throw error
        return { found: scrub.text(error.message), usable: false, kind: null, family: null, notes: [] }
      }
    },
    'models.add': async ({ file, config }) => {
      const configDir = config === undefined ? {} : { configDir: files.file(config).path }
      const target = await lastingPlace(files.file(file).path, configDir)
      const { added } = await pixels.run({ task: 'models', action: 'add', target, ...configDir })
      await modelsChanged(services)
      return known((added as { id: string }).id) // as the task tells it
    },
    'models.verify': async ({ id }) => {
      const { name } = await known(id)
      return {
        job: jobs.add({
          kind: 'verify', title: `Verify ${name}`, project: null, document: null,
          work: async (run) => ({ result: scrub.value((await lane.run({ task: 'models', action: 'verify', target: id }, { signal: run.signal, onEvent: run.onEvent }))['verified']) }),
        }),
      }
    },
    'models.remove': async ({ id }) => {
      const { source } = await known(id)
      const { removed } = await pixels.run({ task: 'models', action: 'remove', target: id })
      // what the program itself fetched goes with it; a person's own files are never touched
      if (source === 'downloaded') removeDownloaded(path.join(setting.paths.data, 'models'), (removed as { path: string }).path) // as the task tells it
      await modelsChanged(services)
      return {}
    },
    'models.setDefault': async ({ id, task }) => {
      const { problem, name } = await known(id)
      if (problem !== null) throw badInput('model/unusable', { thing: name, expected: 'a model that can be opened', found: problem.replace(/\.$/, ''), todo: 'choose another' })
      settings.set({ [MODEL_SETTINGS[task]]: id })
      return {}
    },
    'models.catalogue': () => ({ entries: downloads.catalogue() }),
    'models.look': async ({ repository, revision }) => {
      const { files: found, licence } = await downloads.look(repository, revision)
      return { files: found.map(({ name, bytes, sha256 }) => ({ name, bytes, sha256 })), licence: licence?.name ?? null }
    },
    'models.download': async (request) => ({ download: await downloads.start(request) }),
    'downloads.list': () => ({ downloads: downloads.list() }),
    'downloads.pause': ({ download }) => {
      downloads.pause(download)
      return {}
    },
    'downloads.resume': ({ download }) => {
      downloads.resume(download)
      return {}
    },
    'downloads.cancel': async ({ download }) => {
      await downloads.cancel(download)
      return {}
    },
  }
}

function removeDownloaded(models: string, place: string): void {
  const folder = fs.statSync(place, { throwIfNoEntry: false })?.isDirectory() ? place : path.dirname(place)
  if (path.dirname(path.resolve(folder)) === path.resolve(models)) fs.rmSync(folder, { recursive: true, force: true })
}
