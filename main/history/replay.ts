/**
 * Replay: one step of a branch is changed (mask, prompt, seed, any parameter) and the steps after it are done again on
 * a new branch. Steps of the engine are run again; strokes and changes of layers are applied again as they were.
 */
import { badInput, failed } from '../engine/errors.ts'
import { type EngineRequest, requestSchema } from '../engine/requests.ts'
import type { Operation } from './documents.ts'
import type { BlobHash, DocumentId, OperationId } from './ids.ts'
import type { InputSource, Json, JsonObject, Layer, OperationResult, PictureRef } from './model.ts'
import type { EffectDraft, TileReuse } from './operationDraft.ts'
import type { Project } from './project.ts'
import type { ProjectReader } from './projectReader.ts'
import { type DocumentState, parseCanvas, parseLayer, readEffect, sameJson, sameTile } from './state.ts'
import { ancestry, isAncestor } from './tree.ts'

/** What is changed in the first step. */
export interface ReplayChange {
  /** parameters to set; null takes one away */
  readonly params?: JsonObject
  readonly seed?: number
  /** other inputs by role, for example a new mask; blobs of the project */
  readonly inputs?: Readonly<Record<string, BlobHash>>
}

/** Where a step's input comes from when it is done again. */
export type ReplayInput =
  | { readonly role: string; readonly from: 'blob'; readonly hash: BlobHash }
  | { readonly role: string; readonly from: 'composite'; readonly step: number; readonly was: BlobHash }
  | { readonly role: string; readonly from: 'result'; readonly step: number; readonly ordinal: number; readonly was: BlobHash }

/** One operation to do again. */
export interface ReplayStep {
  readonly original: OperationId
  readonly kind: string
  readonly title: string
  /** `run`: by the engine; `apply`: the recorded change again */
  readonly action: 'run' | 'apply'
  /** the request without paths; for `apply` the recorded parameters */
  readonly params: JsonObject
  readonly seed: number | null
  readonly model: string | null
  /** the model it was made with; another one gives another picture */
  readonly modelHash: string | null
  readonly inputs: readonly ReplayInput[]
}

/** A replay worked out, not begun. */
export interface ReplayPlan {
  readonly document: DocumentId
  /** the operation the new branch grows from */
  readonly base: OperationId
  readonly steps: readonly ReplayStep[]
}

/** Tasks that the engine runs again; everything else is applied again as recorded. */
export const RUN_KINDS: ReadonlySet<string> = new Set(['txt2img', 'img2img', 'inpaint', 'outpaint', 'remove', 'swap'])

/**
 * Works out what to do again when one operation changes.
 * @param from the operation to change
 * @param upTo the last operation to do again, `from` or one that follows from it; where the document stands when that
 *   follows from `from`, else the end of the branch last visited
 * @throws EngineError replay/... (exit 2)
 */
export function planReplay(project: ProjectReader, from: OperationId, change: ReplayChange, upTo?: OperationId): ReplayPlan {
  const first = project.operation(from)
  if (first.parent === null || first.state !== 'applied')
    throw badInput('replay/not-a-step', { thing: `Operation ${from}, "${first.name ?? first.title}"`, expected: 'a step that was applied to the document', found: first.parent === null ? 'the opening of the document' : `one that is ${first.state}` })
  const end = upTo ?? (isAncestor(project.db, from, project.head(first.document)) ? project.head(first.document) : endOfBranch(project, from))
  if (!isAncestor(project.db, from, end)) throw badInput('replay/other-branch', { thing: `Operation ${end}`, expected: `a step that follows from operation ${from}`, found: 'one of another branch' })
  const chain = ancestry(project.db, end)
  const originals = chain.slice(chain.indexOf(from)).map((id) => project.operation(id))
  const place = new Map(originals.map((operation, step) => [operation.id, step]))
  const steps = originals.map((operation, step) => planStep(operation, place, step === 0 ? change : {}))
  return { document: first.document, base: first.parent, steps }
}

function endOfBranch(project: ProjectReader, from: OperationId): OperationId {
  const children = new Map<OperationId, OperationId>()
  for (const row of project.tree(project.operation(from).document)) if (row.parent !== null) children.set(row.parent, row.id) // the newest child stays
  let at = from
  for (let next = children.get(at); next !== undefined; next = children.get(at)) at = next
  return at
}

function planStep(operation: Operation, place: ReadonlyMap<OperationId, number>, change: ReplayChange): ReplayStep {
  const params: Record<string, Json> = { ...operation.params }
  for (const [name, value] of Object.entries(change.params ?? {})) {
    if (value === null) delete params[name]
    else params[name] = value
  }
  const inputs = operation.inputs.map(({ role, hash, source }): ReplayInput => {
    const other = change.inputs?.[role]
    if (other !== undefined) return { role, from: 'blob', hash: other }
    const step = source.from === 'blob' ? undefined : place.get(source.operation)
    if (step === undefined) return { role, from: 'blob', hash }
    return source.from === 'result' ? { role, from: 'result', step, ordinal: source.ordinal, was: hash } : { role, from: 'composite', step, was: hash }
  })
  for (const [role, hash] of Object.entries(change.inputs ?? {}))
    if (!operation.inputs.some((input) => input.role === role)) inputs.push({ role, from: 'blob', hash })
  return {
    original: operation.id, kind: operation.kind, title: operation.title, action: RUN_KINDS.has(operation.kind) ? 'run' : 'apply', params,
    seed: change.seed ?? operation.seed, model: operation.model, modelHash: operation.modelHash, inputs,
  }
}

/**
 * The request that runs a step.
 * @param files paths by role of the step's inputs, and `out`
 * @throws EngineError replay/request (exit 2) when the recorded or changed parameters are none of the task
 */
export function engineRequest(step: ReplayStep, files: Readonly<Record<string, string>>): EngineRequest {
  const parsed = requestSchema.safeParse({
    ...step.params, ...(step.model === null ? {} : { model: step.model }), ...(step.seed === null ? {} : { seed: step.seed }), ...files, task: step.kind,
  })
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]!
  throw badInput('replay/request', { thing: `Operation ${step.original}, "${step.title}"`, expected: `parameters of ${step.kind}`, found: `${issue.path.join('.') || 'something'}: ${issue.message}` })
}

/** What the caller made of a `run` step. */
export interface StepOutcome {
  /** the results in the recorded order; added to the project as blobs */
  readonly results: readonly (Pick<OperationResult, 'role' | 'hash'> & Partial<OperationResult>)[]
  /** the inputs that were used, by role: composites that were flattened anew */
  readonly inputs: Readonly<Record<string, BlobHash>>
  readonly engineVersion?: string
  readonly modelHash?: string
  readonly device?: string
  readonly seed?: number
  readonly durationMs?: number
}

/** The input of a step as it stands now: a blob, or the document flattened after a new operation. */
export type ReadyInput =
  | { readonly role: string; readonly hash: BlobHash }
  | { readonly role: string; readonly flatten: OperationId }

/** A picture that a result or an input names. */
type Picture = Pick<OperationResult, 'hash'> & Partial<OperationResult>

/** What took a picture's place: its size where that is known, and how far its box on the canvas has moved. */
interface Renewed {
  readonly hash: BlobHash
  readonly size?: { readonly width: number; readonly height: number }
  readonly moved?: { readonly x: number; readonly y: number }
}

/** Where a result was cut from the canvas, when it says so in `metrics.box`. */
function boxOf({ metrics }: Picture): { readonly x: number; readonly y: number } | undefined {
  const box = metrics?.['box'] as { readonly x?: Json; readonly y?: Json } | undefined // read with care below
  return typeof box?.x === 'number' && typeof box.y === 'number' ? { x: box.x, y: box.y } : undefined
}

/** A replay under way. Every step is committed as it is done; the document goes to the new branch at the end. */
export class Replay {
  readonly plan: ReplayPlan
  /** the new operations so far, in order */
  readonly made: OperationId[] = []
  /** what could not be done quite as before, a sentence each */
  readonly notices: string[] = []
  readonly #project: Project
  /** what took the place of everything that was made anew, by its old hash */
  readonly #renewed = new Map<BlobHash, Renewed>()

  constructor(project: Project, plan: ReplayPlan) {
    this.plan = plan
    this.#project = project
  }

  /** The step to do next; undefined when all are done. Steps of `apply` are done by {@link apply}. */
  next(): ReplayStep | undefined {
    return this.plan.steps[this.made.length]
  }

  /** The inputs of the next step. */
  inputs(): ReadyInput[] {
    return (this.next()?.inputs ?? []).map((input): ReadyInput => {
      if (input.from === 'blob') return { role: input.role, hash: input.hash }
      const operation = this.made[input.step]
      if (operation === undefined) throw failed('replay/order', `A step needs what step ${input.step + 1} makes, which comes later; please report it.`)
      if (input.from === 'composite') return { role: input.role, flatten: operation }
      const result = this.#project.operation(operation).results[input.ordinal]
      if (!result) throw failed('replay/results', `Step ${input.step + 1} made fewer results than before, and a later step needs result ${input.ordinal + 1}.`)
      return { role: input.role, hash: result.hash }
    })
  }

  /** Commits the next step with what the engine made. */
  run(outcome: StepOutcome): OperationId {
    return this.#commit(outcome)
  }

  /** Commits the next step by doing the recorded change again. */
  apply(): OperationId {
    return this.#commit({ results: this.#project.operation(this.next()!.original).results.map(({ chosen: _, ...result }) => result), inputs: {} })
  }

  /** Goes to the end of the new branch. */
  finish(): OperationId {
    const last = this.made.at(-1)
    if (last === undefined) throw failed('replay/nothing', 'Nothing was replayed yet.')
    this.#project.goTo(this.plan.document, last)
    return last
  }

  #commit(outcome: StepOutcome): OperationId {
    const step = this.next()
    if (!step) throw failed('replay/done', 'Every step of the replay is done.')
    const original = this.#project.operation(step.original)
    if (outcome.results.length < original.results.length)
      this.notices.push(`Step "${step.title}" made ${outcome.results.length} results where there were ${original.results.length}.`)
    original.results.forEach((result, ordinal) => this.#renew(result, outcome.results[ordinal]))
    const parent = this.made.at(-1) ?? this.plan.base
    const inputs = this.inputs().map((input, index) => {
      const hash = 'hash' in input ? input.hash : outcome.inputs[input.role]
      if (hash === undefined) throw failed('replay/inputs', `The flattened document for "${input.role}" of step "${step.title}" was not handed in; please report it.`)
      this.#renew(original.inputs.find((old) => old.role === input.role), { hash })
      return { role: input.role, hash, source: this.#source(step.inputs[index]!, original) }
    })
    const id = this.#project.commitOperation(this.plan.document, {
      kind: step.kind, title: step.title, params: step.params, replayOf: step.original, parent, moveHead: false, inputs, results: outcome.results,
      chosen: original.results.flatMap((result, ordinal) => (result.chosen && ordinal < outcome.results.length ? [ordinal] : [])),
      ...given('model', step.model), ...given('modelHash', outcome.modelHash ?? step.modelHash), ...given('seed', outcome.seed ?? step.seed),
      ...given('engineVersion', outcome.engineVersion ?? original.engineVersion), ...given('device', outcome.device ?? original.device), ...given('durationMs', outcome.durationMs ?? null),
      ...this.#effect(step, parent),
    })
    this.made.push(id)
    return id
  }

  #renew(old: Picture | undefined, now: Picture | undefined): void {
    if (old === undefined || now === undefined || old.hash === now.hash) return
    const [from, to] = [boxOf(old), boxOf(now)]
    this.#renewed.set(old.hash, {
      hash: now.hash,
      ...(now.width && now.height && old.width ? { size: { width: now.width, height: now.height } } : {}),
      ...(from && to ? { moved: { x: to.x - from.x, y: to.y - from.y } } : {}),
    })
  }

  #source(input: ReplayInput, original: Operation): InputSource {
    if (input.from === 'blob') {
      const old = original.inputs.find((other) => other.role === input.role)
      return old?.hash === input.hash ? old.source : { from: 'blob' }
    }
    const operation = this.made[input.step]! // inputs() has checked it
    return input.from === 'composite' ? { from: 'composite', operation } : { from: 'result', operation, ordinal: input.ordinal }
  }

  /** The recorded effect on the document as it is on the new branch. */
  #effect(step: ReplayStep, parent: OperationId): EffectDraft {
    const effect = readEffect(this.#project.db, step.original)
    const state = this.#project.state(this.plan.document, parent)
    const layers: Layer[] = []
    const removedLayers: Layer['id'][] = []
    let canvas = state.canvas
    for (const change of effect.changes) {
      if (change.layer === null) {
        canvas = patched(parseCanvas(change.before), parseCanvas(change.after)!, state.canvas)
        continue
      }
      const [before, after] = [parseLayer(change.before), parseLayer(change.after)]
      if (after === null) {
        if (state.layers.has(change.layer)) removedLayers.push(change.layer)
        continue
      }
      const now = state.layers.get(change.layer)
      if (before !== null && now === undefined) this.notices.push(`Step "${step.title}" changed layer "${before.name}", which is not there on the new branch; it was left out.`)
      else layers.push(this.#withRenewed(patched(before, after, now ?? after)))
    }
    const reusedTiles = this.#tiles(step, effect.tiles, parent, state)
    return { layers, removedLayers, ...(sameJson(canvas as unknown as Json, state.canvas as unknown as Json) ? {} : { canvas }), reusedTiles } // both are JSON by their schema
  }

  #tiles(step: ReplayStep, tiles: ReturnType<typeof readEffect>['tiles'], parent: OperationId, state: DocumentState): TileReuse[] {
    const moved = new Map(this.#project.difference(this.plan.base, parent).tiles.map((tile) => [`${tile.layer}/${tile.plane}/${tile.x}/${tile.y}`, tile.after]))
    const original = new Map(this.#project.difference(this.plan.base, this.#project.operation(step.original).parent!).tiles.map((tile) => [`${tile.layer}/${tile.plane}/${tile.x}/${tile.y}`, tile.after]))
    const kept = tiles.filter((tile) => state.layers.has(tile.layer))
    const differing = kept.filter((tile) => {
      const key = `${tile.layer}/${tile.plane}/${tile.x}/${tile.y}`
      return !sameTile(moved.get(key) ?? null, original.get(key) ?? null)
    }).length
    if (differing > 0) this.notices.push(`Step "${step.title}" painted over pixels that differ on the new branch in ${differing} tiles; they hold what was painted before.`)
    return kept.map(({ layer, plane, x, y, after }) => ({ layer, plane, x, y, ref: after }))
  }

  /**
   * Pictures that were made anew take the place of the old ones, wherever the layer names them; a patch that was cut at
   * another place takes the layer along.
   */
  #withRenewed(layer: Layer): Layer {
    const renew = <T extends PictureRef | null>(picture: T): T => {
      const now = picture && this.#renewed.get(picture.hash)
      return now ? { ...picture, ...now.size, hash: now.hash } : picture
    }
    const deep = (value: Json): Json => {
      if (typeof value === 'string') return this.#renewed.get(value as BlobHash)?.hash ?? value // a text that is no hash is in no map
      if (Array.isArray(value)) return value.map((item) => deep(item as Json))
      return value !== null && typeof value === 'object' ? Object.fromEntries(Object.entries(value).map(([key, item]) => [key, deep(item as Json)])) : value
    }
    const moved = (layer.pixels && this.#renewed.get(layer.pixels.hash)?.moved) ?? { x: 0, y: 0 }
    const [a, b, c, d, e, f] = layer.transform
    const transform: Layer['transform'] = [a, b, c, d, e + a * moved.x + c * moved.y, f + b * moved.x + d * moved.y]
    return { ...layer, pixels: renew(layer.pixels), mask: renew(layer.mask), transform, extra: deep(layer.extra) as JsonObject } // an object stays one
  }
}

/** `now` with the fields changed that differ between `before` and `after`; all of `after` when there was no before. */
function patched<T extends object>(before: T | null, after: T, now: T): T {
  if (before === null) return after
  const changed = Object.entries(after).filter(([field, value]) => !sameJson(value as Json, (before as Record<string, Json>)[field])) // layers and canvases are JSON
  return { ...now, ...Object.fromEntries(changed) }
}

function given<K extends string, V>(key: K, value: V | null): { [key in K]?: V } {
  return (value === null ? {} : { [key]: value }) as { [key in K]?: V } // one key or none
}
