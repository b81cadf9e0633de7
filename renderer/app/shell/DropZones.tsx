/** Dragging files over the window shows what each place would do with them. */
import { IconCube, IconMask, IconPhotoPlus, IconStackPush } from '@tabler/icons-react'
import { type ComponentType, useEffect, useState } from 'react'
import type { FileInfo } from '../../../preload/contract/files.ts'
import { bridge } from '../../api/client.ts'
import { openDialog, tellProblem } from '../../stores/dialogStore.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { layoutStore, openPanel } from '../../stores/layoutStore.ts'
import { tellNotice } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { type PlainKey, t } from '../../strings/t.ts'
import { openFile, placePicture } from '../actions/open.ts'

type Zone = { readonly id: string; readonly title: PlainKey; readonly about: PlainKey; readonly icon: ComponentType<{ size?: number | string; stroke?: number }>; readonly take: (files: readonly FileInfo[]) => unknown }

/** Weights in any dress; the models screen says which it takes. */
const MODEL = /\.(safetensors|ckpt|pth?|bin|gguf)$/i

const OPEN: Zone = { id: 'open', title: 'document.drop.open', about: 'document.drop.open.about', icon: IconPhotoPlus, take: openDropped }
const OTHERS: readonly Zone[] = [
  {
    id: 'layer', title: 'document.drop.layer', about: 'document.drop.layer.about', icon: IconStackPush,
    take: async (files) => {
      for (const file of files) await placePicture(file)
    },
  },
  { id: 'mask', title: 'document.drop.mask', about: 'document.drop.mask.about', icon: IconMask, take: ([file]) => file && openDialog({ kind: 'mask-import', file }) },
]
/** Models are taken by the models screen, which finds the files in `dropped`. */
const MODELS: Zone = { id: 'model', title: 'document.drop.model', about: 'document.drop.model.about', icon: IconCube, take: (files) => { layoutStore.setState({ dropped: files }); openPanel('models', 'screen') } }

function zonesFor(open: boolean, models: boolean): readonly Zone[] {
  return [OPEN, ...(open ? OTHERS : []), ...(models ? [MODELS] : [])]
}

/** Opens the first of several: only one picture is open at a time, and the others are not passed over in silence. */
async function openDropped([file, ...others]: readonly FileInfo[]): Promise<void> {
  if (!file) return
  await openFile(file)
  if (others.length > 0) tellNotice({ id: 'drop-others', level: 'info', message: t('document.drop.others', { n: others.length }), sticky: false, over: false })
}

/** Hands dropped files to a zone; what goes wrong is one plain dialog. */
async function dropOn(zone: Zone, files: readonly File[]): Promise<void> {
  try {
    const taken = await bridge().takeFiles(files)
    const models = taken.length > 0 && taken.every(({ name }) => MODEL.test(name))
    await (models && layoutStore.getState().known.includes('models') ? MODELS : zone).take(taken)
  } catch (error) {
    tellProblem(error, t('document.cannot-open', { name: files[0]?.name ?? '' }))
  }
}

/** See the file's head. */
export function DropZones() {
  const open = useStore(documentStore, ({ document }) => document !== null)
  const models = useStore(layoutStore, ({ known }) => known.includes('models'))
  const [over, setOver] = useState<string | null>(null)
  useEffect(() => listenForDrags(setOver), [])
  if (over === null) return null
  return (
    <div className="drop" aria-hidden>
      {zonesFor(open, models).map((zone) => (
        <div
          key={zone.id} className="drop-zone" data-over={over === zone.id || undefined} onDragEnter={() => setOver(zone.id)}
          onDrop={(event) => {
            event.preventDefault()
            event.stopPropagation()
            setOver(null)
            void dropOn(zone, [...event.dataTransfer.files])
          }}
        >
          <zone.icon size="2rem" stroke={1.3} />
          <strong>{t(zone.title)}</strong>
          <span>{t(zone.about)}</span>
        </div>
      ))}
    </div>
  )
}

/** Shows the zones while files are dragged, and keeps the browser from opening what misses them. */
function listenForDrags(setOver: (zone: string | null) => void): () => void {
  const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false
  const enter = (event: DragEvent): void => {
    if (hasFiles(event) && event.relatedTarget === null) setOver('')
  }
  const overWindow = (event: DragEvent): void => {
    if (hasFiles(event)) event.preventDefault()
  }
  const leave = (event: DragEvent): void => {
    if (event.relatedTarget === null) setOver(null)
  }
  const drop = (event: DragEvent): void => {
    event.preventDefault()
    setOver(null)
    const files = [...(event.dataTransfer?.files ?? [])]
    if (files.length > 0) void dropOn(OPEN, files)
  }
  window.addEventListener('dragenter', enter)
  window.addEventListener('dragover', overWindow)
  window.addEventListener('dragleave', leave)
  window.addEventListener('drop', drop)
  return () => {
    window.removeEventListener('dragenter', enter)
    window.removeEventListener('dragover', overWindow)
    window.removeEventListener('dragleave', leave)
    window.removeEventListener('drop', drop)
  }
}
