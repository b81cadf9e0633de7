/** Copy and paste of pictures and masks through the system's clipboard. */
import { bridge, call } from '../../api/client.ts'
import { openDialog } from '../../stores/dialogStore.ts'
import { activeMask, documentStore, place, selectedLayer } from '../../stores/documentStore.ts'
import { tellNotice } from '../../stores/sessionStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { t } from '../../strings/t.ts'
import { openFile, placePicture } from './open.ts'

/** Copies the picture, or only what the mask covers of the selected layer. @throws AppError */
export async function copyPicture(onlySelected: boolean): Promise<void> {
  const where = place()
  if (!where) return
  const layer = onlySelected ? selectedLayer() : null
  const { bytes, media } = await call('document.copy', {
    ...where, layer: layer && layer.kind !== 'mask' ? layer.id : null, box: viewStore.getState().selection, masked: onlySelected && activeMask() !== null && viewStore.getState().selection === null,
  })
  await put(bytes, media)
}

/** Copies the mask in force as a grey picture, white = will change. @throws AppError */
export async function copyMask(): Promise<void> {
  const where = place()
  const mask = activeMask()
  if (!where || !mask) return
  const { bytes, media } = await call('document.copy', { ...where, layer: mask.id, box: null, masked: false })
  await put(bytes, media)
}

async function put(bytes: Uint8Array, media: string): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ [media]: new Blob([bytes as Uint8Array<ArrayBuffer>], { type: media }) })]) // bytes of a message are never shared memory
  tellNotice({ id: 'copied', level: 'info', message: t('document.copied'), sticky: false, over: false })
}

/** Pastes the clipboard's picture as a layer, as a mask, or opens it when nothing is open. */
export async function paste(as: 'layer' | 'mask'): Promise<void> {
  for (const item of await navigator.clipboard.read()) {
    const media = item.types.find((type) => type.startsWith('image/'))
    if (!media) continue
    const blob = await item.getType(media)
    return pasteFile(new File([blob], `${t('document.pasted')}.${media.slice('image/'.length)}`, { type: media }), as)
  }
  throw new Error(t('document.clipboard-empty'))
}

/** Pastes a file that a paste event brought. */
export async function pasteFile(file: File, as: 'layer' | 'mask'): Promise<void> {
  const [taken] = await bridge().takeFiles([file])
  if (!taken) return
  if (documentStore.getState().document === null) await openFile(taken)
  else if (as === 'mask') openDialog({ kind: 'mask-import', file: taken })
  else await placePicture(taken)
}
