import { CLIP_TEXT, type Family, STABLE_DIFFUSION_SCHEDULE, STABLE_DIFFUSION_UNET, STABLE_DIFFUSION_VAE } from './family.ts'

/**
 * Stable Diffusion 2.x: OpenCLIP-H text states (last layer but one, so 23 of 24 layers), heads of 64 channels,
 * linear projections, noise prediction at 512 px ("base", inpainting) or v-prediction at 768 px.
 * Values: the repository files of SD 2.1 and SD 2.1-base.
 */
export const sd2: Family = {
  id: 'sd2',
  title: 'Stable Diffusion 2.x',
  crossAttentionDim: 1024,
  size: (predictionType) => (predictionType === 'v_prediction' ? 768 : 512),
  predictionType: (kind) => (kind === 'text-to-image' ? 'v_prediction' : 'epsilon'),
  attentionHeads: (channels) => channels.map((count) => Math.max(1, Math.round(count / 64))),
  unet: { ...STABLE_DIFFUSION_UNET, upcast_attention: true },
  vae: STABLE_DIFFUSION_VAE,
  textEncoder: { ...CLIP_TEXT, hidden_act: 'gelu', projection_dim: 512, pad_token_id: 1 },
  textHeadDim: 64,
  padToken: '!',
  schedulerConfig: (_kind, predictionType) => ({
    _class_name: predictionType === 'v_prediction' ? 'DDIMScheduler' : 'PNDMScheduler',
    skip_prk_steps: true, // in both of Stability's files, though only PNDM reads it
    ...STABLE_DIFFUSION_SCHEDULE,
    prediction_type: predictionType,
  }),
  defaultNegative: '',
}
