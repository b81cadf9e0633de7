/**
 * Requests of editing with words: invert, swap, attention, evaluate. Made from the shared parts that requests.ts
 * holds, which it hands in, so that the two files do not import each other in a circle.
 */
import { z } from 'zod'
import type { ZodRawShape } from 'zod'

/** Ways to find the noise that a picture came from. */
export const INVERSION_METHODS = ['ddim', 'npi', 'direct', 'renoise', 'edict', 'ef-ddpm'] as const
/** Ways to steer an edit. */
export const EDIT_METHODS = ['p2p', 'masactrl', 'pnp'] as const

/** One of {@link INVERSION_METHODS}. */
export type InversionMethod = (typeof INVERSION_METHODS)[number]
/** One of {@link EDIT_METHODS}. */
export type EditMethod = (typeof EDIT_METHODS)[number]

/** What requests.ts shares. */
export interface SharedShapes<Sampling extends ZodRawShape, Output extends ZodRawShape, Stitch extends ZodRawShape> {
  /** every sampling parameter but the prompt, the steps and the guidance */
  readonly sampling: Sampling
  readonly output: Output
  readonly stitch: Stitch
}

const filePath = z.string().min(1)
const share = z.number().min(0).max(1)
const prompt = z.string().max(20_000)
const size = z
  .object({ width: z.number().int().min(8).max(4096), height: z.number().int().min(8).max(4096) })
  .optional()
  .describe("size in pixels as WxH that the model works at; without it the picture's own where the model can, else its native size")
const steps = z.number().int().min(1).max(1000).default(50).describe('number of steps of the inversion and of the edit, 1 to 1000')
const guidance = z.number().min(0).max(50).default(7.5).describe('classifier-free guidance scale of the edit; 1 turns guidance off')

/** What an edit takes where neither the person nor the model's card says anything: the numbers of prompt-to-prompt's authors. */
export const EDIT_DEFAULTS = { guidance: 7.5, blendThreshold: 0.3 } as const

const inversionShape = {
  renoiseSteps: z.number().int().min(1).max(20).default(1).describe('renoise: repetitions of each step after the first'),
  strength: share.optional().describe('edict, ef-ddpm: the part of the run that is inverted and edited (edict 0.8, ef-ddpm 0.76 unless given)'),
  proximal: z.enum(['none', 'soft', 'hard']).default('none').describe('npi: guidance acts only where the two prompts disagree most (proximal guidance)'),
  proximalQuantile: share.default(0.7).describe('npi: the share of the disagreement that is left out by --proximal'),
  proximalGuide: z.enum(['none', 'inversion', 'reconstruction']).default('none').describe('npi with --proximal: late in the run, what the prompts agree on is brought back to the inverted latents, or the clean estimate to the picture'),
  proximalUntil: z.number().int().min(0).max(1000).default(400).describe('npi: --proximal-guide acts in steps of a lower training timestep than this'),
  proximalRate: share.default(1).describe('npi: how far --proximal-guide brings them back, 0 to 1'),
  proximalDilate: z.number().int().min(0).max(16).default(1).describe('npi: latent pixels around what the prompts disagree on that --proximal-guide leaves alone'),
  emptyShare: share.default(0).describe('npi: how far the negative prompt goes from the description (0) to the empty prompt (1)'),
}

/** The four schemas. */
export function wordSchemas<const Sampling extends ZodRawShape, const Output extends ZodRawShape, const Stitch extends ZodRawShape>(shared: SharedShapes<Sampling, Output, Stitch>) {
  const sampling = { ...shared.sampling, steps, guidance }
  const invert = z.object({
    ...sampling,
    ...inversionShape,
    task: z.literal('invert'),
    image: filePath.describe('picture to invert'),
    prompt: prompt.optional().describe("description of the picture; without it the recipe's in the picture, else what `describe` says"),
    method: z.enum(INVERSION_METHODS).default('direct').describe('how the noise is found'),
    size,
    out: filePath.optional().describe('write the reconstruction: .png, .jpg, .webp or .tif'),
    trajectory: filePath.optional().describe('write the latents of every level to this safetensors file'),
  })
  const swap = z.object({
    ...shared.sampling,
    steps,
    ...inversionShape,
    ...shared.output,
    ...shared.stitch,
    task: z.literal('swap'),
    guidance: z.number().min(0).max(50).optional().describe(`classifier-free guidance scale of the edit; 1 turns guidance off; ${EDIT_DEFAULTS.guidance} unless the model's card has another`),
    image: filePath.optional().describe('picture to edit; without it a picture is drawn from --prompt and --seed and edited on the way'),
    prompt: prompt.optional().describe("description of the picture as it is; without it the recipe's in the picture, else what `describe` says"),
    target: prompt.optional().describe('description of the edited picture; derived from --swap, --add and --remove when left out'),
    swap: z.array(z.string()).default([]).describe('words to change, as "cat=>dog"; may be given several times'),
    add: z.array(z.string()).default([]).describe('words to add at the end of the description'),
    remove: z.array(z.string()).default([]).describe('words to take out of the description'),
    weight: z.array(z.string()).default([]).describe('how strongly a word of the target shows, as "snow=2"; 1 changes nothing, 0 hides it'),
    method: z.enum(EDIT_METHODS).default('p2p').describe('p2p keeps the composition, masactrl lets the pose change, pnp keeps the layout only'),
    inversion: z.enum(['auto', ...INVERSION_METHODS]).default('auto').describe('how the noise behind the picture is found; auto takes the cheapest whose noise gives the picture back faithfully: direct, else renoise, else edict'),
    fidelity: z.number().min(0).max(100).default(24).describe('auto: PSNR in dB with which the picture must come back from the noise alone'),
    trajectory: filePath.optional().describe('inversion of this picture made by `invert --trajectory`; must be of the same model and picture'),
    align: z.enum(['refine', 'replace']).default('refine').describe('refine: unchanged words keep their maps, new words make their own; replace: each changed word takes the map of the one it replaces (equally many words)'),
    cross: share.default(0.4).describe('p2p: share of the run, from its start, in which cross-attention follows the original'),
    self: share.default(0.6).describe('p2p: share of the run, from its start, in which self-attention follows the original'),
    selfPixels: z.number().int().min(0).max(128).default(32).describe('p2p: self-attention follows the original only in maps of at most this side'),
    blendWords: z.array(z.string()).default([]).describe('words whose place may change, a comma between them; without it the changed words'),
    localBlend: z.boolean().default(true).describe('keep the edit to where the changed words look'),
    blendThreshold: share.optional().describe(`share of a word's largest attention that still counts as its place; ${EDIT_DEFAULTS.blendThreshold} unless the model's card has another`),
    blendStart: share.default(0.2).describe('share of the run after which the edit is kept to its place'),
    mask: filePath.optional().describe('mask of the same size; white = may change; takes the place of the local blend and confines the result'),
    composite: z.boolean().default(true).describe('put only the changed place into the picture and leave every other sample as it is'),
    bias: z.array(z.string()).default([]).describe('draw where a word of the target is to be, as "word=F.png" (white = there), or is not to be, as "word!=F.png" (white = not there); may be given several times'),
    biasStrength: z.number().min(0).max(20).default(0.4).describe('how strongly --bias pulls and pushes'),
    startStep: z.number().int().min(0).max(1000).default(4).describe('masactrl: first step in which the target looks at the original'),
    startLayer: z.number().int().min(0).max(100).optional().describe('masactrl: first self-attention layer that does (10 of 16 unless given)'),
    referenceExact: z.boolean().default(false).describe("p2p: reproduce the reference code's slips in word alignment"),
    size,
    sheet: filePath.optional().describe('also write a before / after sheet'),
  })
  const attention = z.object({
    ...sampling,
    task: z.literal('attention'),
    image: filePath.optional().describe('picture to look at; without it one is drawn from --prompt and --seed'),
    prompt: prompt.optional().describe("description of the picture; without it the recipe's in the picture, else what `describe` says"),
    size,
    out: filePath.describe('folder for words.png (a heat-map per word) and maps.safetensors'),
    inversionCache: z.boolean().default(true).describe('use and keep the inversion of the picture'),
  })
  const evaluate = z.object({
    ...sampling,
    ...inversionShape,
    task: z.literal('evaluate'),
    bench: filePath.describe('folder in the layout of PIE-Bench (mapping_file.json, annotation_images)'),
    methods: z.array(z.string()).default(['ddim+p2p', 'npi+p2p', 'direct+p2p']).describe('inversion+edit pairs to compare, a comma between them; proxnpi is npi with proximal guidance'),
    out: filePath.describe('folder for the table (Markdown, JSON), the sheet and the edited pictures; an interrupted run continues'),
    lpips: filePath.optional().describe('LPIPS weights (.safetensors, named as the lpips package does; AlexNet, VGG16 or SqueezeNet): adds LPIPS of the background'),
    dino: filePath.optional().describe('a DINO ViT (.safetensors): adds the structure distance'),
    clip: filePath.optional().describe("folder of a CLIP model as transformers saves it: CLIP-score by it in the place of the checkpoint's own image tower"),
    limit: z.number().int().min(1).optional().describe('only the first cases of each kind'),
    minutes: z.number().positive().optional().describe('begin nothing further that would not be done within these minutes; the table then holds the edits that every method has made, and the same command goes on'),
    kinds: z.array(z.string()).default([]).describe('only these kinds of edit, 0 to 9'),
    cross: share.default(0.4).describe('p2p: share of the run in which cross-attention follows the original'),
    self: share.default(0.6).describe('p2p: share of the run in which self-attention follows the original'),
    composite: z.boolean().default(false).describe("put only the changed place into the picture (the tables compare the methods' own pictures)"),
    localBlend: z.boolean().default(true).describe('keep the edit to where the changed words look'),
  })
  return { invert, swap, attention, evaluate }
}
