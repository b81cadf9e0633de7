/** A family is what checkpoints of one architecture have in common and no file of theirs needs to say. */
import type { CheckpointKind, FamilyId, PredictionType } from './checkpoint.ts'

/** Configuration values by their names in diffusers' and transformers' config.json. */
export type ConfigValues = Readonly<Record<string, unknown>>

/** One architecture recipe, as data. */
export interface Family {
  readonly id: FamilyId
  /** As a person calls it. */
  readonly title: string
  /** Features of a text state; tells the families apart (768 and 1024). */
  readonly crossAttentionDim: number
  /** Side in pixels of the training pictures. */
  readonly size: (predictionType: PredictionType) => number
  /** Prediction type of a single file that gives no other sign. */
  readonly predictionType: (kind: CheckpointKind) => PredictionType
  /** Attention heads per level; shapes do not show them. Named `attention_head_dim` in the config, by an old mistake of diffusers. */
  readonly attentionHeads: (blockOutChannels: readonly number[]) => number | number[]
  /** UNet values that shapes do not show. */
  readonly unet: ConfigValues
  /** VAE values that shapes do not show. */
  readonly vae: ConfigValues
  /** Text encoder values that shapes do not show; heads follow from `hidden_size`. */
  readonly textEncoder: ConfigValues
  readonly textHeadDim: number
  /** Pad token of a single file; folders bring their own. */
  readonly padToken: string
  /** scheduler_config.json of a single file (algorithm notes 1.11). */
  readonly schedulerConfig: (kind: CheckpointKind, predictionType: PredictionType) => ConfigValues
  /** Negative prompt when a person gives none. */
  readonly defaultNegative: string
}

/** UNet2DConditionModel values shared by all Stable Diffusion UNets. */
export const STABLE_DIFFUSION_UNET: ConfigValues = {
  _class_name: 'UNet2DConditionModel',
  act_fn: 'silu',
  center_input_sample: false,
  downsample_padding: 1,
  flip_sin_to_cos: true,
  freq_shift: 0,
  mid_block_scale_factor: 1,
  norm_eps: 1e-5,
  norm_num_groups: 32,
}

/** AutoencoderKL values of the f=8 autoencoder that SD1.x and SD2.x share. */
export const STABLE_DIFFUSION_VAE: ConfigValues = {
  _class_name: 'AutoencoderKL',
  act_fn: 'silu',
  norm_num_groups: 32,
  scaling_factor: 0.18215,
}

/** CLIPTextModel values shared by CLIP-L and OpenCLIP-H. */
export const CLIP_TEXT: ConfigValues = {
  architectures: ['CLIPTextModel'],
  model_type: 'clip_text_model',
  layer_norm_eps: 1e-5,
  bos_token_id: 49406,
  eos_token_id: 49407,
}

/** The noise schedule all of them were trained on, with the flags their scheduler files carry. */
export const STABLE_DIFFUSION_SCHEDULE: ConfigValues = {
  beta_start: 0.00085,
  beta_end: 0.012,
  beta_schedule: 'scaled_linear',
  num_train_timesteps: 1000,
  trained_betas: null,
  set_alpha_to_one: false,
  steps_offset: 1,
  clip_sample: false,
}
