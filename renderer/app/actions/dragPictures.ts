/**
 * Pictures dragged by their thumbnails: out of the window as a PNG file, or onto the canvas. The desktop program hands the
 * system a file once it is written; a browser wants an address the moment the drag begins, so there the file is made when
 * the pointer rests on the thumbnail.
 */
import type { PictureOf } from '../../../preload/contract/documents.ts'
import type { TargetInfo } from '../../../preload/contract/files.ts'
import { bridge, call } from '../../api/client.ts'
import { readDownload } from '../../api/readDownload.ts'
import { change, documentStore, openDocument, place } from '../../stores/documentStore.ts'
import { showResult } from '../../stores/stagingStore.ts'
import { tellNotice } from '../../stores/sessionStore.ts'
import { t } from '../../strings/t.ts'
import { runCommand } from '../commands/registry.ts'
import { attempt } from './attempt.ts'
import { useMask } from './masks.ts'
import { placePicture } from './open.ts'

/** What carries our own drags; no other program knows it. */
export const DRAG_TYPE = 'application/x-palimpsest-picture'
/** The pointer must rest this long before a picture is made for it, milliseconds. */
const REST_MS = 250

/** A picture that can be dragged and what its file is called, without the ending. */
export interface DragPicture {
  readonly of: PictureOf
  readonly name: string
}

/** A written picture; `blob` and its address where the window has its bytes. */
interface Made {
  readonly key: string
  readonly target: TargetInfo
  readonly blob: Blob | null
  readonly url: string | null
}

let made: Made | null = null
let making: { readonly key: string; readonly work: Promise<Made> } | null = null
let resting: ReturnType<typeof setTimeout> | undefined
/** what is dragged now; `offered`: its file was there in time for other programs to take it */
let dragged: { readonly picture: DragPicture; readonly offered: boolean } | null = null

function keyOf({ of, name }: DragPicture): string {
  return JSON.stringify([place(), of.what === 'layer' ? documentStore.getState().document?.version : 0, of, name])
}

/** Writes the picture, unless it is the one that was written last or is being written. @throws AppError */
async function make(picture: DragPicture): Promise<Made> {
  const key = keyOf(picture)
  if (made?.key === key) return made
  if (making?.key === key) return making.work
  const work = write(picture, key)
  making = { key, work }
  try {
    return await work
  } finally {
    if (making?.work === work) making = null
  }
}

async function write(picture: DragPicture, key: string): Promise<Made> {
  const { project, document } = openDocument()
  const target = await call('files.download', { name: `${picture.name.slice(0, 200) || t('app.untitled')}.png` })
  await call('document.picture', { project, document, target: target.target, of: picture.of })
  const blob = bridge().shell === 'browser' ? await readDownload(target) : null
  if (made?.url) URL.revokeObjectURL(made.url)
  return (made = { key, target, blob, url: blob && URL.createObjectURL(blob) })
}

/** The pointer came to a thumbnail: after a moment its file is made, where a browser will want it. */
export function restOn(picture: DragPicture): void {
  clearTimeout(resting)
  if (bridge().shell === 'browser') resting = setTimeout(() => void make(picture).catch(() => null), REST_MS) // a drag tells what is wrong
}

/** The pointer left it. */
export function leaveRest(): void {
  clearTimeout(resting)
}

/** A thumbnail is dragged. @returns whether the drag goes on inside of the window */
export function beginPictureDrag(event: React.DragEvent, picture: DragPicture): boolean {
  leaveRest()
  if (bridge().shell === 'electron') {
    event.preventDefault() // the system drags the file
    attempt(make(picture).then(({ target }) => bridge().startDrag(target)))
    return false
  }
  const url = made?.key === keyOf(picture) ? made.url : null
  dragged = { picture, offered: url !== null }
  event.dataTransfer.effectAllowed = 'copyMove'
  event.dataTransfer.setData(DRAG_TYPE, picture.name)
  if (url) event.dataTransfer.setData('DownloadURL', `image/png:${made!.target.name}:${url}`)
  else void make(picture).catch(() => null) // for the next time; see endPictureDrag
  return true
}

/** The drag is over; one that left the window before its file was there is told so. */
export function endPictureDrag(event: React.DragEvent): void {
  const outside = event.clientX <= 0 || event.clientY <= 0 || event.clientX >= innerWidth || event.clientY >= innerHeight
  if (dragged && !dragged.offered && outside) tellNotice({ id: 'drag-out', level: 'info', message: t('document.drag.again', { name: dragged.picture.name }), sticky: false, over: false })
  dragged = null
}

/** Whether a drag over the canvas is one of ours. */
export function carriesPicture(event: React.DragEvent): boolean {
  return event.dataTransfer.types.includes(DRAG_TYPE)
}

/** What was dragged is dropped on the canvas: a layer is doubled, a mask put in force, a result kept, an earlier state laid over. */
export function dropPicture(): void {
  const picture = dragged?.picture
  dragged = null
  if (!picture) return
  const { of } = picture
  if (of.what === 'result') {
    showResult({ operation: of.operation, ordinal: of.ordinal })
    void runCommand('staging.accept')
  } else if (of.what === 'step') attempt(layOver(picture))
  else if (openDocument().layers.find(({ id }) => id === of.layer)?.kind === 'mask') attempt(useMask(of.layer))
  else attempt(change({ change: 'layer.duplicate', layer: of.layer }))
}

async function layOver(picture: DragPicture): Promise<void> {
  const { blob } = await make(picture)
  const [file] = blob ? await bridge().takeFiles([new File([blob], `${picture.name}.png`, { type: 'image/png' })]) : []
  if (file) await placePicture(file)
}
