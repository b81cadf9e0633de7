import { CLIP_TEXT, type Family, STABLE_DIFFUSION_SCHEDULE, STABLE_DIFFUSION_UNET, STABLE_DIFFUSION_VAE } from './family.ts'

/**
 * Stable Diffusion 1.x (arXiv 2112.10752): CLIP-L text states, 8 heads everywhere, noise prediction, 512 px.
 * Values: the repository files of SD 1.5 and its inpainting and InstructPix2Pix descendants.
 */
export const sd1: Family = {
  id: 'sd1',
  title: 'Stable Diffusion 1.x',
  crossAttentionDim: 768,
  size: () => 512,
  predictionType: () => 'epsilon',
  attentionHeads: () => 8,
  unet: { ...STABLE_DIFFUSION_UNET, upcast_attention: false },
  vae: STABLE_DIFFUSION_VAE,
  textEncoder: { ...CLIP_TEXT, hidden_act: 'quick_gelu', projection_dim: 768, pad_token_id: 1 },
  textHeadDim: 64,
  padToken: '<|endoftext|>',
  schedulerConfig: (kind, predictionType) => ({
    // InstructPix2Pix was released with Euler ancestral; everything else with PNDM
    ...(kind === 'instruct' ? { _class_name: 'EulerAncestralDiscreteScheduler' } : { _class_name: 'PNDMScheduler', skip_prk_steps: true }),
    ...STABLE_DIFFUSION_SCHEDULE,
    // SD1.5's own file does not name a prediction type; written only where it is not the default
    ...(predictionType === 'epsilon' ? {} : { prediction_type: predictionType }),
  }),
  defaultNegative: '',
}
