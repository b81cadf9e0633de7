/**
 * What an edit leaves in a project: the engine's file and what is cut from it, as blobs with their roles.
 *
 * `picture`: the file that the engine wrote. `patch` and `patch-mask`: the part of it that differs from the request's
 * `image`, with its place on the canvas in `metrics.box`: the pixels and the mask of an edit-result layer.
 */
import path from 'node:path'
import { failed } from '../engine/errors.ts'
import type { OperationResult } from '../history/model.ts'
import type { Project } from '../history/project.ts'
import type { JobEngine, JobEngineOptions } from './engine.ts'

/** Roles of the results of an edit. */
export const RESULT_ROLES = ['picture', 'patch', 'patch-mask'] as const
/** One of {@link RESULT_ROLES}. */
export type ResultRole = (typeof RESULT_ROLES)[number]

/** A result as an operation records it. */
export type MadeResult = Pick<OperationResult, 'role' | 'hash'> & Partial<OperationResult>

/** What {@link addResults} works with. */
export interface ResultSource {
  readonly engine: JobEngine
  readonly options: JobEngineOptions
  /** the request's `image`; a patch is cut against it */
  readonly before: string | undefined
  /** the file that the engine wrote */
  readonly after: string
  readonly seed: number | null
  /** folder for files that may go afterwards */
  readonly work: string
}

/**
 * Adds the results of a run to a project in the order of `roles`.
 * @throws EngineError replay/results for a role that cannot be made here, or a patch of an edit that changed nothing
 */
export async function addResults(project: Project, roles: readonly string[], source: ResultSource): Promise<MadeResult[]> {
  const { engine, options, before, after, seed, work } = source
  const patchFile = path.join(work, 'patch.png')
  const maskFile = path.join(work, 'patch-mask.png')
  let patch: Readonly<Record<string, unknown>> | undefined
  const results: MadeResult[] = []
  for (const role of roles) {
    if (role === 'picture') {
      const { width, height } = (await engine.run({ task: 'inspect', image: after }, options)) as { width: number; height: number }
      results.push({ role, hash: (await project.addBlobFile(after, mediaOf(after))).hash, width, height, seed })
      continue
    }
    if ((role !== 'patch' && role !== 'patch-mask') || before === undefined)
      throw failed('replay/results', `A result of the kind "${role}" cannot be made again here; replay the step in the editor.`)
    patch ??= await engine.run({ task: 'patch', before, after, out: patchFile, maskOut: maskFile }, options)
    const box = patch['box'] as { x: number; y: number; width: number; height: number } | null // as the task's answer tells it
    if (box === null) throw failed('replay/nothing-changed', 'The edit changed nothing, so there is no patch to put into the document; use another prompt, mask or seed.')
    const file = role === 'patch' ? patchFile : maskFile
    results.push({ role, hash: (await project.addBlobFile(file, 'image/png')).hash, width: box.width, height: box.height, seed, metrics: { box: { x: box.x, y: box.y, width: box.width, height: box.height } } })
  }
  return results
}

function mediaOf(file: string): string {
  const ending = path.extname(file).slice(1).toLowerCase()
  return `image/${ending === 'jpg' ? 'jpeg' : ending === 'tif' ? 'tiff' : ending}`
}
