/**
 * The second half of proximal guidance (Han et al. 2023, "ProxEdit", arXiv 2306.05414, section 4.3): where the shrunken
 * difference of the prompts says nothing, a branch is brought back towards the picture, late in the run.
 *
 * | symbol | meaning |
 * |---|---|
 * | delta' | the difference of the predictions after the proximal step |
 * | M = dilate(abs(delta') > threshold) | the elements that the edit is about |
 * | inversion guidance | x_p <- x_p - rate (1 - M)(x_p - x*_p), with x* the inverted picture's own latents |
 * | reconstruction guidance | x_0^ <- x_0^ - rate (1 - M)(x_0^ - x_0) inside the DDIM step, whose noise stays what it is |
 *
 * Parity: phymhan/prompt-to-prompt 9955a1f and cure-lab/PnPInversion 07f97f4. The mask is taken after the shrinking, as
 * there: of the soft form only differences of twice the threshold count as edited. Difference: one condition for both
 * kinds of guidance (the reference's lets a negative time limit through for one of them).
 */
import type { Latents } from '../../tensor/tensor.ts'

/**
 * 1 for every element whose difference is larger than the threshold, or that lies within `radius` rows and columns of
 * such an element of its own channel; 0 elsewhere.
 *
 * @param shrunken delta' [rows, channels, height, width]
 */
export function editedElements(shrunken: Latents, threshold: number, radius: number): Uint8Array {
  const [height, width] = shrunken.dims.slice(-2) as [number, number]
  const edited = Uint8Array.from(shrunken.data, (value) => (Math.abs(value) > threshold ? 1 : 0))
  if (radius === 0) return edited
  // a square window is a row's window of columns' windows
  return dilate(dilate(edited, { stride: 1, count: width, radius }), { stride: width, count: height, radius })
}

/** sample - rate (1 - edited)(sample - goal), element by element. All of one shape. */
export function pullTowards(sample: Latents, goal: Latents, edited: Uint8Array, rate: number): Latents {
  return { data: sample.data.map((value, i) => (edited[i] ? value : value - rate * (value - goal.data[i]!))), dims: sample.dims }
}

/**
 * A DDIM step's result after its clean estimate was pulled towards the picture: the step is linear in the estimate, with
 * the factor sqrt(alpha-bar) of the level it arrives at.
 *
 * @param sample x_p as the step left it
 * @param estimate x_0^ that the step went by
 * @param clean the picture's latents
 * @param signal sqrt(alpha-bar_p)
 */
export function pullEstimate(sample: Latents, { estimate, clean, signal }: { readonly estimate: Latents; readonly clean: Latents; readonly signal: number }, edited: Uint8Array, rate: number): Latents {
  return { data: sample.data.map((value, i) => (edited[i] ? value : value - signal * rate * (estimate.data[i]! - clean.data[i]!))), dims: sample.dims }
}

/** The largest of the elements within `radius` along one axis, of lines of `count` elements `stride` apart. */
function dilate(values: Uint8Array, { stride, count, radius }: { readonly stride: number; readonly count: number; readonly radius: number }): Uint8Array {
  return values.map((_, i) => {
    const at = Math.floor(i / stride) % count
    const first = i - at * stride
    for (let k = Math.max(0, at - radius); k <= Math.min(count - 1, at + radius); k++) if (values[first + k * stride]) return 1
    return 0
  })
}
