/** What the ways to guide a prediction have in common: several outputs of one network become one. */
import type { Latents } from '../tensor/tensor.ts'

/** One way to guide: which passes of the network it needs, and how it joins them. */
export interface Guidance<Passes extends string = string> {
  /** its name in requests and recipes */
  readonly name: string
  /** one line for lists and help */
  readonly description: string
  /** the network's passes it joins, in the order of diffusers' batch */
  readonly passes: readonly Passes[]
  /**
   * Joins the passes' outputs, each [B,C,h,w], into one of the same shape.
   * @param scales guidance scales by name; see the file of each way
   */
  combine(outputs: Readonly<Record<Passes, Latents>>, scales: Readonly<Record<string, number>>): Latents
}
