/** The first steps: which of the three a person has done, told from what is on the screen. */
import type { LayerView } from '../../../preload/contract/documents.ts'
import type { IntentName } from '../../stores/editStore.ts'

/** What the steps are told from. */
export interface StepsSeen {
  /** the mask in force; null without one */
  readonly mask: Pick<LayerView, 'extent'> | null
  readonly intent: IntentName
  readonly prompt: string
  /** a swap that could be run, for people who go that way */
  readonly wordsChanged: boolean
  /** an edit has been started or its results are there */
  readonly started: boolean
}

/** The steps in their order, each done or not. An intent that needs no mask or no words has that step done. */
export function stepsDone(seen: StepsSeen): readonly [paint: boolean, type: boolean, go: boolean] {
  const needsMask = seen.intent === 'fill' || seen.intent === 'remove'
  const needsWords = seen.intent !== 'remove'
  const painted = !needsMask || (seen.mask !== null && seen.mask.extent !== null)
  const typed = !needsWords || (seen.intent === 'swap' ? seen.wordsChanged : seen.prompt.trim() !== '')
  return seen.started ? [true, true, true] : [painted, typed, false]
}

/** The step to take next, 0 to 2; null when all are done. */
export function nextStep(done: readonly boolean[]): number | null {
  const at = done.indexOf(false)
  return at < 0 ? null : at
}
