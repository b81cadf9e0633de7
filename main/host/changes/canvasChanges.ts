/** Changes of the canvas: nothing is resampled; every layer is moved, scaled or turned by its transform. */
import type { DocumentChange } from '../../../preload/contract/documents.ts'
import type { Layer } from '../../history/model.ts'
import { type Affine, compose, move, rotateAbout } from '../documents/affine.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import type { WorkedOut } from './layerChanges.ts'

type Change<Name extends DocumentChange['change']> = Extract<DocumentChange, { readonly change: Name }>

/** Cuts the canvas to a box, after turning the picture about the box's middle. */
export function cropCanvas(session: DocumentSession, { box, degrees }: Change<'canvas.crop'>): WorkedOut {
  const turn = rotateAbout(degrees, box.x + box.width / 2, box.y + box.height / 2)
  return changed(session, { kind: 'crop', title: degrees === 0 ? `Crop to ${box.width} x ${box.height}` : `Straighten by ${degrees.toFixed(1)}°`, params: { box, degrees } }, box, compose(move(-box.x, -box.y), turn))
}

/** Makes the canvas larger or smaller around the picture. */
export function resizeCanvas(session: DocumentSession, { width, height, offsetX, offsetY }: Change<'canvas.resize'>): WorkedOut {
  return changed(session, { kind: 'canvas', title: `Canvas ${width} x ${height}`, params: { width, height, offsetX, offsetY } }, { width, height }, move(offsetX, offsetY))
}

/** Scales the whole picture. */
export function scaleCanvas(session: DocumentSession, { width, height }: Change<'canvas.scale'>): WorkedOut {
  const { canvas } = session.state
  return changed(session, { kind: 'scale', title: `Image size ${width} x ${height}`, params: { width, height } }, { width, height }, [width / canvas.width, 0, 0, height / canvas.height, 0, 0])
}

/** Turns the whole picture clockwise by quarters. */
export function turnCanvas(session: DocumentSession, { quarters }: Change<'canvas.turn'>): WorkedOut {
  const { width, height } = session.state.canvas
  const maps: readonly Affine[] = [[0, 1, -1, 0, height, 0], [-1, 0, 0, -1, width, height], [0, -1, 1, 0, 0, width]]
  const size = quarters === 2 ? { width, height } : { width: height, height: width }
  return changed(session, { kind: 'turn', title: `Turn by ${quarters * 90}°`, params: { quarters } }, size, maps[quarters - 1]!)
}

/** Mirrors the whole picture. */
export function flipCanvas(session: DocumentSession, { axis }: Change<'canvas.flip'>): WorkedOut {
  const { width, height } = session.state.canvas
  return changed(session, { kind: 'flip', title: `Flip ${axis}`, params: { axis } }, { width, height }, axis === 'horizontal' ? [-1, 0, 0, 1, width, 0] : [1, 0, 0, -1, 0, height])
}

/** The layers that are in no group, each seen through a map: what lies in a group goes with it. */
export function mappedLayers(session: DocumentSession, map: Affine): Layer[] {
  return [...session.state.layers.values()].filter((layer) => layer.parent === null).map((layer) => ({ ...layer, transform: compose(map, layer.transform) }))
}

function changed(session: DocumentSession, words: Pick<WorkedOut['draft'], 'kind' | 'title' | 'params'>, { width, height }: { readonly width: number; readonly height: number }, map: Affine): WorkedOut {
  return { draft: { ...words, canvas: { ...session.state.canvas, width, height }, layers: mappedLayers(session, map) } as WorkedOut['draft'] }
}
