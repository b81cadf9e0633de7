/** Hooks that keep the part of a picture that is not to change while the loop runs. */
import type { Scheduler } from '../schedulers/scheduler.ts'
import type { Latents, Tensor } from '../tensor/tensor.ts'
import type { DenoiseHooks } from './denoise.ts'

/** What both hooks know of the picture. */
export interface KnownRegion {
  /** z_0 of the picture, times the scaling factor [1,4,h,w] */
  readonly original: Latents
  /** the run's starting noise, unit variance: every level of the known region uses the same */
  readonly noise: Latents
  /** how much each latent pixel may change, 0..1 [1,1,h,w] */
  readonly change: Tensor
  readonly scheduler: Scheduler
}

/**
 * Inpainting with an ordinary 4-channel checkpoint: after each step the known region is put back at the level
 * the sample now has, after the last one clean. (diffusers' StableDiffusionInpaintPipeline with 4 channels.)
 */
export function keepKnownRegion({ original, noise, change, scheduler }: KnownRegion): DenoiseHooks {
  return {
    afterStep(sample, stepIndex) {
      const last = stepIndex + 1 >= scheduler.timesteps.length
      const known = last ? original : scheduler.addNoise(original, noise, stepIndex + 1)
      return mix(known, sample, (i) => change.data[i]!)
    },
  }
}

/**
 * Soft masks: differential diffusion (arXiv 2306.00950). A latent pixel that may change by m is held at the
 * noised original until the share 1 - m of the steps is over, then set free.
 */
export function differential({ original, noise, change, scheduler }: KnownRegion): DenoiseHooks {
  return {
    beforePrediction(sample, stepIndex) {
      const known = scheduler.addNoise(original, noise, stepIndex)
      if (stepIndex === 0) return known
      const threshold = stepIndex / scheduler.timesteps.length
      return mix(known, sample, (i) => (1 - change.data[i]! > threshold ? 0 : 1))
    },
  }
}

/** known + weight (sample - known), the weight per latent pixel and the same for all channels. */
function mix(known: Latents, sample: Latents, weight: (pixel: number) => number): Latents {
  const [, channels, height, width] = sample.dims as [number, number, number, number]
  const plane = height * width
  const data = new Float32Array(sample.data.length)
  for (let i = 0; i < plane; i++) {
    const w = weight(i)
    for (let c = 0; c < channels; c++) {
      const at = c * plane + i
      data[at] = w === 1 ? sample.data[at]! : known.data[at]! + w * (sample.data[at]! - known.data[at]!)
    }
  }
  return { data, dims: sample.dims }
}
