/** What mask commands do. One polarity everywhere: white = will change. */
import type { MaskEdit } from '../../../preload/contract/documents.ts'
import { bridge, call } from '../../api/client.ts'
import { openDialog } from '../../stores/dialogStore.ts'
import { activeMask, change, openDocument, place, selectLayers, selectedLayer, setActiveMask } from '../../stores/documentStore.ts'
import { tellNotice } from '../../stores/sessionStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { t } from '../../strings/t.ts'

/** The mask in force; a new one when there is none. */
async function maskInForce(): Promise<number> {
  return activeMask()?.id ?? newMask()
}

/** A new empty mask layer, in force from now on. @throws AppError */
export async function newMask(): Promise<number> {
  const before = new Set(openDocument().layers.map(({ id }) => id))
  const view = await change({ change: 'layer.add', kind: 'mask', above: null, name: t('layers.mask.name', { n: openDocument().layers.filter(({ kind }) => kind === 'mask').length + 1 }) })
  const mask = view.layers.find(({ id, kind }) => kind === 'mask' && !before.has(id))
  if (!mask) throw new Error(t('layers.mask.missing'))
  if (view.activeMask !== mask.id) await setActiveMask(mask.id)
  viewStore.setState({ overlay: true })
  return mask.id
}

/** Inverts, clears, grows ... the mask in force. @throws AppError */
export async function editMask(edit: MaskEdit): Promise<void> {
  await change({ change: 'mask.edit', layer: await maskInForce(), edit })
}

/** The selected layer's shape becomes the mask in force. @throws AppError */
export async function maskFromLayer(from: 'layer-alpha' | 'layer-mask'): Promise<void> {
  await change({ change: 'mask.select', layer: activeMask()?.id ?? null, source: { from, layer: selectedLayer()!.id }, mode: 'replace' })
}

/** Asks for a mask picture; a dialog shows what it would change before it is taken. */
export async function importMask(): Promise<void> {
  const [file] = await bridge().pickFiles({ kind: 'mask', multiple: false })
  if (file) openDialog({ kind: 'mask-import', file })
}

/** Writes the mask in force as a grey PNG, white = will change. @throws AppError */
export async function exportMask(): Promise<void> {
  const mask = activeMask()
  const where = place()
  if (!mask || !where) return
  const target = await bridge().pickTarget({ name: `${openDocument().name}-mask.png`, kind: 'mask' })
  if (!target) return
  await call('document.export', { ...where, target: target.target, format: { type: 'png', layer: mask.id } })
  await bridge().targetWritten(target)
  tellNotice({ id: 'exported', level: 'info', message: t('document.exported', { name: target.name }), sticky: false, over: false })
}

/** Keeps the mask in force under its name, to be loaded again later. @throws AppError */
export async function saveMask(): Promise<void> {
  const mask = activeMask()
  const where = place()
  if (!mask || !where) return
  await call('document.saveMask', { ...where, layer: mask.id, name: mask.name })
  tellNotice({ id: 'mask-saved', level: 'info', message: t('layers.mask.saved', { name: mask.name }), sticky: false, over: false })
}

/** Selects a mask layer and puts it in force. @throws AppError */
export async function useMask(layer: number | null): Promise<void> {
  await setActiveMask(layer)
  if (layer !== null) selectLayers([layer])
}
