/** Changes of the layer stack, each worked out as the operation that makes it. */
import type { DocumentChange } from '../../../preload/contract/documents.ts'
import { badInput } from '../../engine/errors.ts'
import type { LayerId } from '../../history/ids.ts'
import { childLayers, newLayer, paintingOrder, placeLayer, withContents } from '../../history/layers.ts'
import type { Layer } from '../../history/model.ts'
import type { OperationDraft, TileReuse } from '../../history/operationDraft.ts'
import type { DocumentState } from '../../history/state.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { documentName, importPicture } from '../documents/importPicture.ts'
import { move } from '../documents/affine.ts'

/** A change as an operation; `activeMask` becomes the mask in force with it. */
export interface WorkedOut {
  readonly draft: OperationDraft
  readonly activeMask?: LayerId
}

type Change<Name extends DocumentChange['change']> = Extract<DocumentChange, { readonly change: Name }>
const DEFAULT_NAMES = { paint: 'Paint', mask: 'Mask', group: 'Group' } as const

/** Adds an empty layer above another, or on top; a group takes layers in. */
export function addLayer(session: DocumentSession, change: Change<'layer.add'>): WorkedOut {
  const name = change.name ?? freeName(session.state, DEFAULT_NAMES[change.kind])
  const layer = newLayer({ id: session.project.newLayerId(), kind: change.kind, name })
  const layers = placeAbove(session.state, layer, change.above)
  const contents = change.kind === 'group' ? (change.contents ?? []).map((id) => session.layer(id).id) : []
  return {
    draft: { kind: 'layer', title: contents.length > 0 ? 'Group layers' : `New ${change.kind === 'paint' ? 'layer' : change.kind}`, params: { name }, layers: contents.length > 0 ? takenIn(session.state, layers, layer.id, contents) : layers },
    ...(change.kind === 'mask' ? { activeMask: layer.id } : {}),
  }
}

/** The layers that change when a new group takes others in; one that lies in another of them goes with it. */
function takenIn(state: DocumentState, withGroup: readonly Layer[], group: LayerId, contents: readonly LayerId[]): Layer[] {
  const inside = new Set(contents.flatMap((id) => withContents(state, id).filter((other) => other !== id)))
  const after = new Map([...state.layers, ...withGroup.map((layer) => [layer.id, layer] as const)])
  const taken = paintingOrder(state).filter(({ id }) => contents.includes(id) && !inside.has(id))
  for (const [position, { id }] of taken.entries()) after.set(id, { ...after.get(id)!, parent: group, position })
  for (const parent of new Set([...after.values()].map((layer) => layer.parent)))
    for (const [position, layer] of childLayers(after.values(), parent).entries()) after.set(layer.id, { ...layer, position })
  return [...after.values()].filter((layer) => {
    const before = state.layers.get(layer.id)
    return before?.position !== layer.position || before.parent !== layer.parent
  })
}

/** Brings a picture in as a layer, in the middle of the canvas. */
export async function importLayer(session: DocumentSession, change: Change<'layer.import'>): Promise<WorkedOut> {
  const file = session.services.files.file(change.file)
  const { blob, facts } = await importPicture(session.services, session.project, session.services.files.plainFile(change.file))
  const { canvas } = session.state
  const layer = newLayer({
    id: session.project.newLayerId(), kind: 'image', name: change.name ?? documentName(file.name), pixels: { hash: blob.hash, width: facts.width, height: facts.height },
    transform: move(Math.floor((canvas.width - facts.width) / 2), Math.floor((canvas.height - facts.height) / 2)),
  })
  return {
    draft: {
      kind: 'layer', title: `Import ${file.name}`.slice(0, 1000), layers: placeAbove(session.state, layer, change.above),
      inputs: [{ role: 'image', hash: blob.hash, source: { from: 'blob' } }],
    },
  }
}

/** Sets name, visibility, lock, opacity, blend mode or a mask's colour. */
export function setLayer(session: DocumentSession, { layer: id, set }: Change<'layer.set'>): WorkedOut {
  const layer = session.layer(id)
  const { colour, ...fields } = set
  const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Layer> // names and values are the schema's
  const changed: Layer = { ...layer, ...given, extra: colour === undefined ? layer.extra : { ...layer.extra, colour } }
  return { draft: { kind: 'layer', title: titleOf(layer, set), params: { ...given, ...(colour === undefined ? {} : { colour }) }, layers: [changed] } }
}

function titleOf(layer: Layer, set: Change<'layer.set'>['set']): string {
  if (set.visible !== undefined) return set.visible ? `Show ${layer.name}` : `Hide ${layer.name}`
  if (set.locked !== undefined) return set.locked ? `Lock ${layer.name}` : `Unlock ${layer.name}`
  if (set.opacity !== undefined) return `Opacity of ${layer.name}: ${Math.round(set.opacity * 100)} %`
  if (set.blend !== undefined) return `Blend ${layer.name}: ${set.blend}`
  if (set.name !== undefined) return `Rename ${layer.name} to ${set.name}`.slice(0, 1000)
  return `Change ${layer.name}`
}

/** Moves a layer to another place in the stack, or into a group. */
export function reorderLayer(session: DocumentSession, { layer: id, parent, index }: Change<'layer.place'>): WorkedOut {
  const layer = session.layer(id)
  const group = parent === null ? null : session.layer(parent)
  if (group && group.kind !== 'group') throw badInput('layer/no-group', { thing: `"${group.name}"`, expected: 'a group', found: `a layer of the kind ${group.kind}`, todo: 'choose a group' })
  if (group && withContents(session.state, layer.id).includes(group.id)) throw badInput('layer/inside-itself', { thing: `Group "${layer.name}"`, expected: 'a place outside itself', found: 'one inside', todo: 'choose another place' })
  return { draft: { kind: 'layer', title: `Move ${layer.name}`, layers: placeLayer(session.state, layer, group?.id ?? null, index) } }
}

/** Removes layers with all they hold; those that stay close the gaps. */
export function removeLayers(session: DocumentSession, { layers: ids }: Change<'layer.remove'>): WorkedOut {
  const chosen = ids.map((id) => session.layer(id))
  const removed = new Set(chosen.flatMap((layer) => withContents(session.state, layer.id)))
  return { draft: { kind: 'layer', title: chosen.length === 1 ? `Delete ${chosen[0]!.name}` : `Delete ${chosen.length} layers`, removedLayers: [...removed], layers: renumbered(session.state, removed) } }
}

/** Copies a layer with all it holds; pictures and tiles are shared, not copied. */
export function duplicateLayer(session: DocumentSession, { layer: id }: Change<'layer.duplicate'>): WorkedOut {
  const layer = session.layer(id)
  const copies = new Map(withContents(session.state, layer.id).map((old) => [old, session.project.newLayerId()]))
  const copyOf = (old: Layer): Layer => ({ ...old, id: copies.get(old.id)!, parent: old.parent === null ? null : (copies.get(old.parent) ?? old.parent) })
  const top = { ...copyOf(layer), name: `${layer.name} copy`.slice(0, 1000) }
  const inside = [...copies.keys()].filter((old) => old !== layer.id).map((old) => copyOf(session.state.layers.get(old)!))
  const tiles = [...copies].flatMap(([old, copy]) => (['pixels', 'mask'] as const).flatMap((plane) => [...session.tiles.placed(old, plane)].map(([place, ref]): TileReuse => {
    const [x, y] = place.split('/').map(Number) as [number, number]
    return { layer: copy, plane, x, y, ref }
  })))
  return { draft: { kind: 'layer', title: `Duplicate ${layer.name}`, layers: [...placeAbove(session.state, top, layer.id), ...inside], reusedTiles: tiles }, ...(layer.kind === 'mask' ? { activeMask: top.id } : {}) }
}

/** Makes one picture of several layers, at the place of the lowest. */
export async function mergeLayers(session: DocumentSession, { layers: ids }: Change<'layer.merge'>): Promise<WorkedOut> {
  const chosen = paintingOrder(session.state).filter((layer) => ids.includes(layer.id))
  const [lowest] = chosen
  if (!lowest || chosen.length < 2 || chosen.some((layer) => layer.kind === 'mask' || layer.parent !== lowest.parent))
    throw badInput('layer/merge', { thing: 'Merging', expected: 'two or more layers of the same group, no masks', found: 'others', todo: 'choose other layers' })
  const merged = new Set(chosen.flatMap((layer) => withContents(session.state, layer.id)))
  const picture = await session.services.scratch.within(async (folder) => {
    const around = ancestors(session.state, lowest)
    const document = await session.pixels.document(undefined, (layer) => merged.has(layer.id) || around.has(layer.id))
    const out = `${folder}/merged.png`
    await session.services.pixels.run({ task: 'compose', ...document, canvas: { ...document.canvas, background: null }, out })
    return session.project.addBlobFile(out, 'image/png')
  })
  const { width, height } = session.state.canvas
  const layer = newLayer({ id: session.project.newLayerId(), kind: 'image', name: chosen.at(-1)!.name, pixels: { hash: picture.hash, width, height } })
  const rest: DocumentState = { canvas: session.state.canvas, layers: new Map([...session.state.layers].filter(([id]) => !merged.has(id))) }
  const below = childLayers(rest.layers.values(), lowest.parent).filter((other) => other.position < lowest.position).length
  const placed = placeLayer(rest, layer, lowest.parent, below)
  return { draft: { kind: 'layer', title: `Merge ${chosen.length} layers`, removedLayers: [...merged], layers: placed } }
}

/** Moves, scales, turns layers together. */
export function transformLayers(session: DocumentSession, transforms: readonly Pick<Change<'layer.transform'>, 'layer' | 'transform'>[]): WorkedOut {
  const layers = new Map<LayerId, Layer>()
  for (const { layer: id, transform } of transforms) {
    const layer = session.layer(id)
    const [a, b, c, d] = transform
    if (Math.abs(a * d - b * c) < 1e-9) throw badInput('layer/flat', { thing: `Layer "${layer.name}"`, expected: 'a size above zero', found: 'none', todo: 'make it larger' })
    layers.set(layer.id, { ...layer, transform: [...transform] })
  }
  const [first] = layers.values()
  const title = layers.size === 1 ? `Transform ${first!.name}` : `Transform ${layers.size} layers`
  return { draft: { kind: 'layer', title, params: layers.size === 1 ? { transform: [...first!.transform] } : {}, layers: [...layers.values()] } }
}

/** The layers that change when one is put above another (null: on top, with masks above everything that is seen). */
export function placeAbove(state: DocumentState, layer: Layer, above: number | null): Layer[] {
  const other = above === null ? undefined : state.layers.get(above as LayerId) // a number of another kind finds nothing
  const parent = other?.parent ?? null
  const siblings = childLayers(state.layers.values(), parent)
  const top = layer.kind === 'mask' ? siblings.length : siblings.findLastIndex(({ kind }) => kind !== 'mask') + 1
  const index = other ? siblings.findIndex(({ id }) => id === other.id) + 1 : top
  return placeLayer(state, { ...layer, parent }, parent, index)
}

function ancestors(state: DocumentState, layer: Layer): ReadonlySet<LayerId> {
  const found = new Set<LayerId>()
  for (let at = layer.parent; at !== null; at = state.layers.get(at)?.parent ?? null) found.add(at)
  return found
}

function renumbered(state: DocumentState, removed: ReadonlySet<LayerId>): Layer[] {
  const left = [...state.layers.values()].filter((layer) => !removed.has(layer.id))
  const parents = new Set(left.map((layer) => layer.parent))
  return [...parents].flatMap((parent) => childLayers(left, parent).map((layer, position) => ({ ...layer, position }))).filter((layer) => state.layers.get(layer.id)!.position !== layer.position)
}

function freeName(state: DocumentState, base: string): string {
  const taken = new Set([...state.layers.values()].map((layer) => layer.name))
  for (let n = 1; ; n++) if (!taken.has(n === 1 ? base : `${base} ${n}`)) return n === 1 ? base : `${base} ${n}`
}
