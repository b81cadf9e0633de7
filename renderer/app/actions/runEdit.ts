/** Go: makes the request of the Edit panel's form, sends it, and what comes before that: the prediction. */
import type { IntentInput } from '../../../preload/contract/edits.ts'
import { call } from '../../api/client.ts'
import { strokesStored } from '../../stores/canvasPort.ts'
import { activeMask, documentStore, place } from '../../stores/documentStore.ts'
import { type EditState, editStore, intentOf, needsMask, onSwapChanged, rememberPrompt } from '../../stores/editStore.ts'
import { cancelJob, isActive, jobsStore, runningJob } from '../../stores/jobsStore.ts'
import { showTab } from '../../stores/layoutStore.ts'
import { lacksModel, modelsStore } from '../../stores/modelsStore.ts'
import { changeSettings, sessionStore } from '../../stores/sessionStore.ts'
import { wordsStore } from '../../stores/words.ts'
import { obstacleOf } from '../../stores/words/intent.ts'
import { canChange } from '../commands/when.ts'
import { rememberRun } from './interrupted.ts'

const SWAP_NEEDS = { 'no-description': 'edit.need.words', 'nothing-changed': 'edit.need.change', 'no-words-left': 'edit.need.word-left' } as const

/** Why Go cannot be pressed, as a key of the catalogue; null when it can. */
export function obstacle(form: EditState = editStore.getState()): 'edit.need.picture' | 'edit.need.mask' | 'edit.need.side' | 'edit.need.words' | 'edit.need.change' | 'edit.need.word-left' | 'edit.need.prompt' | 'edit.need.model' | null {
  if (!canChange()) return 'edit.need.picture'
  if (form.intent !== 'remove' && lacksModel(modelsStore.getState(), form.model, form.intent === 'fill' || form.intent === 'expand' ? 'fill' : 'draw')) return 'edit.need.model'
  if (needsMask(form.intent) && activeMask() === null) return 'edit.need.mask'
  if (form.intent === 'draw' && form.prompt.trim() === '') return 'edit.need.prompt'
  if (form.intent === 'swap') {
    const missing = obstacleOf(wordsStore.getState())
    if (missing !== null) return SWAP_NEEDS[missing]
  }
  if (intentOf(form, 0) === null) return form.intent === 'expand' ? 'edit.need.side' : 'edit.need.words'
  return null
}

/** Whether Go can be pressed. */
export function canRun(): boolean {
  return obstacle() === null && !editStore.getState().starting
}

/** Sends the form's request to the queue. @throws AppError */
export async function runEdit(): Promise<void> {
  const form = editStore.getState()
  const where = place()
  const intent = intentOf(form, newSeed())
  if (!where || !intent || !canRun()) return
  editStore.setState({ starting: true })
  try {
    await strokesStored()
    rememberRun((await call('edit.run', { ...where, intent })).job, intent)
  } finally {
    editStore.setState({ starting: false })
  }
  if ('prompt' in intent) keepPrompt(intent.prompt)
}

/** A seed that was not used before, small enough to be read and typed. */
function newSeed(): number {
  return Math.floor(Math.random() * 2 ** 31)
}

function keepPrompt(prompt: string): void {
  const prompts = rememberPrompt(editStore.getState().prompts, prompt)
  editStore.setState({ prompts })
  const { panels } = sessionStore.getState().settings
  changeSettings({ panels: { ...panels, prompts } }).catch(() => null) // a prompt that was not remembered is no loss worth a word
}

/** Stops the job that runs, else the newest one that waits. @throws AppError */
export async function cancelRunning(): Promise<void> {
  const state = jobsStore.getState()
  const job = runningJob(state) ?? state.jobs.findLast(isActive)
  if (job) await cancelJob(job.job)
}

/** Puts the cursor into the prompt box. */
export function focusPrompt(): void {
  showTab('edit')
  requestAnimationFrame(() => document.querySelector<HTMLElement>('[data-prompt]')?.focus())
}

const SETTLED_MS = 350
let timer: ReturnType<typeof setTimeout> | undefined
let asked = 0

/** Keeps the prediction up to date while the form, the picture or the mask change. Returns how to stop. */
export function watchPrediction(): () => void {
  const soon = (): void => {
    clearTimeout(timer)
    timer = setTimeout(() => void predict(), SETTLED_MS)
  }
  const stops = [
    onSwapChanged(soon),
    editStore.subscribe((form, old) => {
      if (FORM_KEYS.some((key) => form[key] !== old[key])) soon()
    }),
    documentStore.subscribe((state, old) => {
      if (state.document?.version !== old.document?.version || state.document?.activeMask !== old.document?.activeMask || state.document?.document !== old.document?.document) soon()
    }),
  ]
  soon()
  return () => {
    clearTimeout(timer)
    for (const stop of stops) stop()
  }
}

const FORM_KEYS = ['intent', 'prompt', 'negative', 'strength', 'soft', 'variations', 'model', 'expand', 'removal', 'stitch', 'sampling'] as const

async function predict(): Promise<void> {
  const where = place()
  const intent: IntentInput | null = obstacle() === null ? intentOf(editStore.getState(), 0) : null
  const turn = ++asked
  if (!where || !intent) return editStore.setState({ prediction: null, predicting: false })
  editStore.setState({ predicting: true })
  const prediction = await call('edit.predict', { ...where, intent }).catch(() => null) // Go tells what is wrong, a forecast need not
  if (turn === asked) editStore.setState({ prediction, predicting: false })
}
