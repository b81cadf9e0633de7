/** What an attention method is to the pipeline: what to compile into the net, and what to feed at each step. */
import type { AttentionControl } from '../../nets/attentionSite.ts'
import type { Tensor } from '../../tensor/tensor.ts'

/** Where a run stands when the net is about to be called. */
export interface MethodStep {
  /** from 0 */
  readonly stepIndex: number
  /** noise in units of the picture, sqrt(1 - alpha-bar) / sqrt(alpha-bar) */
  readonly sigma: number
}

/** A method made ready for one net, one pair of prompts and one number of steps. */
export interface AttentionMethod {
  readonly control: AttentionControl
  /** The control inputs of a step, by the names of attentionControl.ts. */
  feedsAt(step: MethodStep): Readonly<Record<string, Tensor>>
}
