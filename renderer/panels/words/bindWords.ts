/** Ties the words store to the rest of the window: the open document, the sampling of the Edit panel, idle time. */
import type { ChangedTiles, DocumentView } from '../../../preload/contract/documents.ts'
import { on } from '../../api/client.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { type EditForm, editStore, intentOf, provideSwap } from '../../stores/editStore.ts'
import { isActive, jobsStore } from '../../stores/jobsStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { wordsStore } from '../../stores/words.ts'
import { measuredBy } from '../../stores/words/fidelity.ts'
import { swapIntent } from '../../stores/words/intent.ts'
import { drawWords } from './drawWords.ts'
import { lookOnceForetold } from './lookAt.ts'

/** Quiet before an inversion is started unasked. */
const IDLE_MS = 2500

/** What of a document decides how its picture looks: everything but its masks. */
export function pictureKey(view: DocumentView): string {
  const layers = view.layers.filter(({ kind }) => kind !== 'mask')
  return JSON.stringify([view.canvas, layers.map(({ id, parent, visible, opacity, blend, hasMask, transform }) => [id, parent, visible, opacity, blend, hasMask, transform])])
}

/** Whether tiles that must be drawn anew belong to the picture, and not to a mask. */
export function touchesPicture(view: DocumentView, tiles: ChangedTiles): boolean {
  const masks = new Set(view.layers.filter(({ kind }) => kind === 'mask').map(({ id }) => id))
  return tiles.some(({ layer, tiles: places }) => !masks.has(layer) && (places === null || places.length > 0))
}

/** The Edit panel's sampling, as a request has it. The seed is no part of what an inversion is kept under. */
export function samplingOf(form: EditForm): NonNullable<Extract<ReturnType<typeof intentOf>, { sampling?: unknown }>['sampling']> {
  const intent = intentOf({ ...form, intent: 'restyle' }, 0)
  if (intent?.intent !== 'restyle') return {}
  const { seed: _, ...sampling } = intent.sampling ?? {}
  return form.seed === null ? sampling : { ...sampling, seed: form.seed }
}

let stop: (() => void) | null = null

/** Starts once; whoever calls again gets the same. Returns how to stop. */
export function bindWords(): () => void {
  return (stop ??= bind())
}

function bind(): () => void {
  const words = wordsStore.getState
  let picture = ''
  const follow = (): void => {
    const { document } = documentStore.getState()
    const before = words().document
    words().open(document && { project: document.project, document: document.document })
    const key = document ? pictureKey(document) : ''
    if (words().document === before && key !== picture) words().pictureChanged()
    picture = key
  }
  let idle: ReturnType<typeof setTimeout> | undefined
  const soon = (): void => {
    clearTimeout(idle)
    idle = setTimeout(() => {
      const quiet = !jobsStore.getState().jobs.some(isActive)
      if (quiet && editStore.getState().intent === 'swap' && sessionStore.getState().settings.autoInvert) void words().invertWhenIdle()
    }, IDLE_MS)
  }
  follow()
  void words().setSampling(samplingOf(editStore.getState()))
  const stops = [
    documentStore.subscribe(follow),
    editStore.subscribe((form) => void words().setSampling(samplingOf(form))),
    on('document.changed', ({ view, tiles }) => {
      const open = words().document
      if (open?.project === view.project && open.document === view.document && touchesPicture(view, tiles)) words().pictureChanged()
    }),
    on('words.prepared', ({ project, document }) => {
      const open = words().document
      if (open?.project === project && open.document === document) void words().checkReady()
    }),
    stagingStore.subscribe(({ edits }, old) => {
      const known = new Set(old.edits.map(({ operation }) => operation))
      const measured = measuredBy(edits.filter(({ operation }) => !known.has(operation)))
      if (measured) words().swapped(measured)
    }),
    on('host.restarted', () => words().open(null)), // ids of the old host mean nothing to the new one
    drawWords(),
    lookOnceForetold(),
    wordsStore.subscribe(soon),
    jobsStore.subscribe((state, before) => {
      soon()
      // while a job had the engine nothing could be foreseen
      if (before.jobs.some(isActive) && !state.jobs.some(isActive) && !words().ready && words().predictedSeconds === null) void words().checkReady()
    }),
    provideSwap({
      intent: () => swapIntent(words(), documentStore.getState().document?.activeMask ?? null),
      changed: (listener) => wordsStore.subscribe((state, old) => {
        if (CHANGES.some((key) => state[key] !== old[key])) listener()
      }),
    }),
  ]
  return () => {
    clearTimeout(idle)
    for (const each of stops) each()
    stop = null
  }
}

const CHANGES = ['description', 'chips', 'outright', 'options', 'paint', 'sampling'] as const
