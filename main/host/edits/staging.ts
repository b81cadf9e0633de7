/** The staging strip: results that wait, and what accepting them does to the document. */
import type { DocumentView } from '../../../preload/contract/documents.ts'
import type { StagedEdit } from '../../../preload/contract/edits.ts'
import { badInput } from '../../engine/errors.ts'
import type { Operation } from '../../history/documents.ts'
import type { OperationId } from '../../history/ids.ts'
import { newLayer, placeLayer } from '../../history/layers.ts'
import type { Layer } from '../../history/model.ts'
import type { EffectDraft } from '../../history/operationDraft.ts'
import type { DocumentState } from '../../history/state.ts'
import { mappedLayers } from '../changes/canvasChanges.ts'
import { type Affine, move } from '../documents/affine.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { frameMask } from '../greyPng.ts'

/** A result that can be chosen: its pixels, its mask where it has one, its place on the canvas. */
export interface StagedResult {
  /** number in the strip: variations count from 0 */
  readonly ordinal: number
  /** places in the operation's results: the picture, and its mask */
  readonly indices: readonly number[]
  readonly pixels: Operation['results'][number]
  readonly mask: Operation['results'][number] | null
  readonly box: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

/** The results of a staged operation. */
export function stagedResults(operation: Operation): StagedResult[] {
  const found: StagedResult[] = []
  operation.results.forEach((pixels, index) => {
    if (pixels.role !== 'patch' && pixels.role !== 'picture') return
    const next = operation.results[index + 1]
    const mask = pixels.role === 'patch' && next?.role === 'patch-mask' ? next : null
    found.push({ ordinal: found.length, indices: mask ? [index, index + 1] : [index], pixels, mask, box: boxOf(pixels) })
  })
  return found
}

/** Everything that waits, as the strip shows it. */
export function stagedEdits(session: DocumentSession, mediaOf: (hash: Operation['results'][number]['hash']) => string): StagedEdit[] {
  const { reader } = session.opened
  return reader.staged(session.document).map(({ id }) => {
    const operation = reader.operation(id)
    return {
      operation: id, kind: operation.kind, title: operation.name ?? operation.title, createdAt: operation.createdAt,
      results: stagedResults(operation).map(({ ordinal, pixels, box }) => ({
        ordinal, box, media: mediaOf(pixels.hash), seed: pixels.seed, metrics: { ...pixels.metrics },
        changedOutside: typeof pixels.metrics['changedOutside'] === 'number' ? pixels.metrics['changedOutside'] : null,
      })),
    }
  })
}

/** Tells every window what waits now. */
export function stagingChanged(session: DocumentSession): void {
  const { services, opened, document } = session
  services.emit('staging.changed', { project: opened.id, document, edits: stagedEdits(session, (hash) => stagedMedia(session, hash)) })
  session.historyChanged()
}

/** The media key of a staged picture. */
export function stagedMedia({ services, opened }: DocumentSession, hash: Operation['results'][number]['hash']): string {
  return services.media.offer(`blob ${opened.id} ${hash}`, () => ({ bytes: opened.reader.blob(hash), media: opened.reader.blobInfo(hash)?.media ?? 'application/octet-stream' }))
}

/** Accepts results: each becomes a layer with its own mask above what is seen. Call within the session's turn. @throws EngineError staging/... (exit 2) */
export function acceptStaged(session: DocumentSession, id: OperationId, ordinals: readonly number[]): DocumentView {
  const operation = session.opened.reader.operation(id)
  const results = stagedResults(operation)
  const chosen = [...new Set(ordinals)].map((ordinal) => {
    const result = results[ordinal]
    if (!result) throw badInput('staging/no-result', { thing: `"${operation.title}"`, expected: `one of its ${results.length} results`, found: `number ${ordinal + 1}`, todo: 'choose another' })
    return result
  })
  const effect = operation.kind === 'outpaint' ? expandEffect(session, operation, chosen[0]!) : layersEffect(session, operation, chosen)
  const move = session.project.acceptOperation(id, chosen.flatMap(({ indices }) => [...indices]), effect)
  const view = session.moved(move, 'accept')
  stagingChanged(session)
  return view
}

/** Turns a staged operation down; it stays in the history. */
export function rejectStaged(session: DocumentSession, id: OperationId): DocumentView {
  session.project.rejectOperation(id)
  stagingChanged(session)
  return session.view()
}

function layersEffect(session: DocumentSession, operation: Operation, chosen: readonly StagedResult[]): EffectDraft {
  let state = session.state
  const changed = new Map<Layer['id'], Layer>()
  for (const result of chosen) {
    const { pixels, mask, box } = result
    const layer = resultLayer(session, operation, {
      pixels: { hash: pixels.hash, width: pixels.width, height: pixels.height },
      mask: mask && { hash: mask.hash, width: mask.width, height: mask.height },
      transform: placed(pixels, box),
    })
    for (const other of onTop(state, layer)) changed.set(other.id, other)
    state = { canvas: state.canvas, layers: new Map([...state.layers, ...changed]) }
  }
  return { layers: [...changed.values()] }
}

/** The canvas grows, everything moves with it, and the new border lies on top, open where the old picture is. */
function expandEffect(session: DocumentSession, operation: Operation, { pixels }: StagedResult): EffectDraft {
  const margin = (name: string): number => (typeof operation.params[name] === 'number' ? operation.params[name] : 0)
  const [left, right, top, bottom] = [margin('left'), margin('right'), margin('top'), margin('bottom')]
  const { width, height } = pixels
  // what the engine blended into the old picture along its border belongs to the result
  const inset = margin('ring') === 0 ? 0 : margin('ring') + margin('grow') + margin('feather')
  const edge = (grown: number): number => (grown > 0 ? inset : 0)
  const hole = { x: left + edge(left), y: top + edge(top), width: width - left - right - edge(left) - edge(right), height: height - top - bottom - edge(top) - edge(bottom) }
  const mask = hole.width > 0 && hole.height > 0 ? session.project.addBlob(frameMask(width, height, hole), 'image/png') : null
  const layer = resultLayer(session, operation, { pixels: { hash: pixels.hash, width, height }, mask: mask && { hash: mask.hash, width, height } })
  const moved = new Map(mappedLayers(session, move(left, top)).map((other) => [other.id, other]))
  const state: DocumentState = { canvas: session.state.canvas, layers: new Map([...session.state.layers, ...moved]) }
  for (const other of onTop(state, layer)) moved.set(other.id, other)
  return { canvas: { ...session.state.canvas, width, height }, layers: [...moved.values()] }
}

function resultLayer(session: DocumentSession, operation: Operation, fields: Partial<Layer>): Layer {
  const kind = operation.kind === 'txt2img' ? 'image' : 'edit-result'
  return newLayer({ id: session.project.newLayerId(), kind, name: (operation.name ?? operation.title).slice(0, 1000), extra: { operation: operation.id }, ...fields })
}

/** The layers that change when one is put above the topmost that is seen; masks stay above everything. */
function onTop(state: DocumentState, layer: Layer): Layer[] {
  const seen = [...state.layers.values()].filter((other) => other.parent === null && other.kind !== 'mask' && other.visible)
  const top = seen.reduce((most, other) => Math.max(most, other.position), -1)
  return placeLayer(state, layer, null, top + 1)
}

/** A result of another size than its place is scaled to fit it. */
function placed({ width, height }: { readonly width: number; readonly height: number }, box: StagedResult['box']): Affine {
  return [box.width / width, 0, 0, box.height / height, box.x, box.y]
}

function boxOf({ metrics, width, height }: Operation['results'][number]): StagedResult['box'] {
  const box = metrics['box'] as { x?: unknown; y?: unknown; width?: unknown; height?: unknown } | undefined // read with care below
  const number = (value: unknown, other: number): number => (typeof value === 'number' ? value : other)
  return { x: number(box?.x, 0), y: number(box?.y, 0), width: number(box?.width, width), height: number(box?.height, height) }
}
