/** What the rest of the engine knows of a model: its components, how to tokenise for it, how to sample from it. */
import type { WeightIndex } from '../weights/weightIndex.ts'
import type { ModelCard } from './modelCard.ts'

/** Architecture recipes: sd1 = Stable Diffusion 1.x, sd2 = 2.x. */
export type FamilyId = 'sd1' | 'sd2'

/** What the UNet's inputs make it good for: 4 channels, 9 (inpaint), 8 (instruct). */
export type CheckpointKind = 'text-to-image' | 'inpaint' | 'instruct'

/** What the UNet predicts; diffusers' words. */
export type PredictionType = 'epsilon' | 'v_prediction' | 'sample'

/** Parts of a checkpoint. */
export type ComponentName = 'unet' | 'vae' | 'tinyVae' | 'textEncoder' | 'imageEncoder' | 'probe'

/** One net of a checkpoint. */
export interface Component {
  readonly name: ComponentName
  /** diffusers' or transformers' config.json; for single files inferred from tensor shapes and the family. */
  readonly config: Readonly<Record<string, unknown>>
  /** Names are today's diffusers keys; CLIP keys carry `text_model.` / `vision_model.`. */
  readonly weights: WeightIndex
}

/** Where the token that fills a prompt up to its length comes from. */
export interface PadToken {
  /** Its text in the vocabulary, as `<|endoftext|>` or `!`. */
  readonly token: string
  readonly source: 'special_tokens_map' | 'tokenizer_config' | 'tokenizer.json' | 'family' | 'default'
}

/** Everything the tokenizer is made of; `clip-default` is CLIP's own vocabulary, which the program ships. */
export interface TokenizerSource {
  readonly kind: 'tokenizer.json' | 'vocab-merges' | 'clip-default'
  /** Absolute paths of the files that exist. */
  readonly files: {
    readonly tokenizerJson?: string
    readonly vocab?: string
    readonly merges?: string
    readonly tokenizerConfig?: string
    readonly specialTokensMap?: string
    readonly addedTokens?: string
  }
  readonly padToken: PadToken
  /** Longest prompt in tokens, begin and end included; 77 for CLIP. */
  readonly modelMaxLength: number
}

/** An opened model. Only headers and configurations have been read. */
export interface Checkpoint {
  /** Store id, or a name made from the path. */
  readonly id: string
  /** As given by the person, absolute. */
  readonly path: string
  readonly layout: 'diffusers' | 'single-file'
  readonly family: FamilyId
  readonly kind: CheckpointKind
  /** Side in pixels of the pictures it was trained on. */
  readonly size: number
  readonly predictionType: PredictionType
  /** How the prediction type is known, for `models show`. */
  readonly predictionSource: string
  readonly components: Readonly<Partial<Record<ComponentName, Component>>>
  readonly tokenizer: TokenizerSource
  /** scheduler_config.json as read from disk; the family's for single files. */
  readonly schedulerConfig: Readonly<Record<string, unknown>>
  /** Negative prompt used when a person gives none. */
  readonly defaultNegative: string
  /** sha256 (hex) of the contents: the same model has the same hash on every machine. */
  readonly hash: string
  readonly card?: ModelCard
  /** Sentences for a person about what was assumed while opening. */
  readonly notes: readonly string[]
}
