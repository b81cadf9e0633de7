/** The first steps: which there are for an intent, and which a person has done, told from what is on the screen. */
import type { LayerView } from '../../../preload/contract/documents.ts'
import type { IntentName } from '../../stores/editStore.ts'

/** A step: paint a mask, say what is to be there, change a word of the description, say how far to expand, press Go. */
export type Step = 'paint' | 'type' | 'word' | 'side' | 'go'

/** What the steps are told from. */
export interface StepsSeen {
  /** the mask in force; null without one */
  readonly mask: Pick<LayerView, 'extent'> | null
  readonly intent: IntentName
  readonly prompt: string
  /** a swap that could be run */
  readonly wordsChanged: boolean
  /** pixels to add around the picture, all sides together */
  readonly added: number
  /** an edit has been started or its results are there */
  readonly started: boolean
}

const STEPS: Readonly<Record<IntentName, readonly Step[]>> = {
  fill: ['paint', 'type', 'go'], remove: ['paint', 'go'], expand: ['side', 'go'], restyle: ['type', 'go'], draw: ['type', 'go'], swap: ['word', 'go'],
}

/** The steps of an intent in their order, each done or not. */
export function stepsOf(seen: StepsSeen): readonly { readonly step: Step; readonly done: boolean }[] {
  const done: Readonly<Record<Step, boolean>> = {
    paint: seen.mask !== null && seen.mask.extent !== null, type: seen.prompt.trim() !== '', word: seen.wordsChanged, side: seen.added > 0, go: false,
  }
  return STEPS[seen.intent].map((step) => ({ step, done: seen.started || done[step] }))
}

/** The step to take next; null when all are done. */
export function nextStep(steps: readonly { readonly step: Step; readonly done: boolean }[]): Step | null {
  return steps.find(({ done }) => !done)?.step ?? null
}
