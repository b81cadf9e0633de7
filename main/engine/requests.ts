/**
 * What can be asked of the engine: one zod schema per task, with every default and a sentence on each
 * parameter. The command line's help, the protocol's checks and the history rows all read these.
 *
 * Paths are absolute by the time they reach the engine. White in a mask means "change".
 */
import { z } from 'zod'
import { maskSchema as mask, pictureSchema as picture } from './requests/pictures.ts'
import { documentTasks } from './requests/document.ts'
import { promptWordsSchema } from './requests/promptWords.ts'
import { wordSchemas } from './requests/words.ts'

export { BLEND_MODES } from './requests/document.ts'
export type { BlendMode, DocumentInput, DocumentLayer, DocumentLayerInput, MaskOperation } from './requests/document.ts'
export { EDIT_DEFAULTS, EDIT_METHODS, INVERSION_METHODS } from './requests/words.ts'
export type { EditMethod, InversionMethod } from './requests/words.ts'
export { evaluateWhere, formatWhere, parseWhere, wordsOf } from './requests/where.ts'
export type { Where } from './requests/where.ts'

/** Names of the samplers a person can ask for; absent means the checkpoint's own. */
export const SCHEDULER_NAMES = ['ddim', 'euler', 'euler-a', 'dpmpp2m', 'dpmpp2m-karras', 'dpmpp2m-sde', 'pndm', 'ddpm', 'lcm'] as const
/** Names of the devices a person can ask for; `auto` follows the platform's order. */
export const DEVICE_NAMES = ['auto', 'cpu', 'webgpu', 'dml', 'cuda', 'coreml'] as const
/** Parts of a checkpoint that `net` and `graph` can address. */
export const NET_COMPONENTS = ['unet', 'vae-encoder', 'vae-decoder', 'text-encoder', 'image-encoder'] as const

/** One of {@link SCHEDULER_NAMES}. */
export type SchedulerName = (typeof SCHEDULER_NAMES)[number]
/** One of {@link NET_COMPONENTS}. */
export type NetComponent = (typeof NET_COMPONENTS)[number]

/** The default model of text-to-image and image-to-image. */
export const DEFAULT_MODEL = 'starter'
/** The default model of inpaint and outpaint. */
export const DEFAULT_INPAINT_MODEL = 'starter-inpaint'

const filePath = z.string().min(1)
const pixels = z.number().int().min(0).max(16384)
const configDir = filePath.optional().describe('folder with the configuration files of a single-file checkpoint, where its tensors alone do not tell')
const scheduler = z.enum(SCHEDULER_NAMES).optional().describe("sampler; without it the checkpoint's own")
const size = z
  .object({ width: z.number().int().min(8).max(4096), height: z.number().int().min(8).max(4096) })
  .describe('size in pixels as WxH; padded to a multiple of 8 and cropped back when it is not one')

/** Parameters that every command with a sampler takes. */
export const samplingSchema = z.object({
  model: z.string().min(1).describe('store id or path of the checkpoint'),
  configDir,
  prompt: z.string().max(20_000).describe('what to draw; (word:1.2) weighs a word, \\( is a literal parenthesis'),
  negative: z.string().max(20_000).default('').describe('what to avoid'),
  steps: z.number().int().min(1).max(1000).default(20).describe('number of sampling steps, 1 to 1000'),
  guidance: z.number().min(0).max(50).default(5).describe('classifier-free guidance scale; 1 turns guidance off'),
  guidanceRescale: z.number().min(0).max(1).default(0).describe('CFG rescale, 0 to 1 (arXiv 2305.08891)'),
  scheduler,
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).optional().describe('seed of the noise; random when absent, always reported'),
  clipSkip: z.number().int().min(0).max(11).default(0).describe("text encoder layers left out at the end (A1111's number minus 1)"),
  longPrompt: z.enum(['truncate', 'chunk']).default('truncate').describe('prompts over 77 tokens: cut and say what was lost, or window them'),
  device: z.enum(DEVICE_NAMES).default('auto').describe('where to run'),
  fast: z.boolean().default(false).describe('int8 linear layers on CPU: faster, slightly less exact'),
  latents: filePath.optional().describe('safetensors file whose tensor `latents` is the unit-variance starting noise'),
  trace: filePath.optional().describe('safetensors file to write the latents after every scheduler call to'),
  preview: z.boolean().default(false).describe('send a small picture with each progress event'),
})

/** Where and how the result is written. */
export const outputSchema = z.object({
  out: filePath.describe('result file: .png, .jpg, .webp or .tif'),
  quality: z.number().int().min(1).max(100).default(92).describe('quality of JPEG and WebP, 1 to 100'),
  recipe: z.boolean().default(true).describe('embed the recipe (prompt, seed, model hash, versions) in the picture'),
})

/** Crop-and-stitch around a mask; lengths in pixels of the picture. */
export const stitchSchema = z.object({
  grow: pixels.default(4).describe('pixels the mask grows before sampling'),
  feather: pixels.default(4).describe('width of the soft edge of the mask in pixels'),
  ring: pixels.default(8).describe('width of the blend ring outside the mask; nothing beyond it may change'),
  padding: z.number().min(0).max(4).default(0.25).describe('context around the mask as a share of its box'),
  resizeMask: z.boolean().default(false).describe("resize a mask whose size differs from the picture's"),
  colourMatch: z.boolean().default(true).describe('match the colours of the patch on the ring around the mask'),
})

const textToImage = samplingSchema.extend(outputSchema.shape).extend({
  task: z.literal('txt2img'),
  size: size.optional(),
  count: z.number().int().min(1).max(1000).default(1).describe('number of pictures; the seed goes up by one each'),
})
const imageToImage = samplingSchema.extend(outputSchema.shape).extend({
  task: z.literal('img2img'),
  image: filePath.describe('picture to start from'),
  strength: z.number().min(0).max(1).default(0.6).describe('0 keeps the picture, 1 ignores it'),
  size: size.optional(),
})
const inpaint = samplingSchema.extend(outputSchema.shape).extend(stitchSchema.shape).extend({
  task: z.literal('inpaint'),
  image: filePath.describe('picture to edit'),
  mask: filePath.describe('mask of the same size; white = change'),
  strength: z.number().min(0).max(1).default(1).describe('1 paints anew inside the mask, less keeps more of what was there'),
  soft: z.boolean().default(false).describe('grey mask values mean how much to change (differential diffusion)'),
  sheet: filePath.optional().describe('also write a before / mask / after sheet'),
})
const outpaint = samplingSchema.extend(outputSchema.shape).extend(stitchSchema.shape).extend({
  task: z.literal('outpaint'),
  image: filePath.describe('picture to extend'),
  left: pixels.default(0).describe('pixels to add on the left'),
  right: pixels.default(0).describe('pixels to add on the right'),
  top: pixels.default(0).describe('pixels to add at the top'),
  bottom: pixels.default(0).describe('pixels to add at the bottom'),
  grow: pixels.default(0).describe('pixels at the edge of the original that are painted anew with the margin; 0 leaves all of it as it is'),
  feather: pixels.default(0).describe('width of the soft edge of the margin inside the original; 0 leaves all of it as it is'),
  ring: pixels.default(0).describe('width of the blend ring inside the original; 0 leaves all of it as it is, more hides a seam'),
})
const remove = outputSchema.extend({
  task: z.literal('remove'),
  image: filePath.describe('picture to edit'),
  mask: filePath.describe('mask of the same size; white = remove'),
  grow: pixels.default(4).describe('pixels the mask grows, so that no halo stays'),
  feather: pixels.default(3).describe('width of the soft edge in pixels'),
  resizeMask: z.boolean().default(false).describe("resize a mask whose size differs from the picture's"),
  seed: z.number().int().min(0).default(0).describe('seed of the patch search'),
})
const describePicture = z.object({
  task: z.literal('describe'),
  image: filePath.describe('picture to describe'),
  model: z.string().default(DEFAULT_MODEL).describe('checkpoint whose probe describes it'),
  device: z.enum(DEVICE_NAMES).default('auto').describe('where to run'),
})
const net = z.object({
  task: z.literal('net'),
  component: z.enum(NET_COMPONENTS).describe('which part of the checkpoint'),
  model: z.string().default(DEFAULT_MODEL).describe('store id or path of the checkpoint'),
  configDir,
  in: filePath.describe("safetensors file with the net's inputs, named as in diffusers"),
  out: filePath.describe("safetensors file for the net's outputs"),
  clipSkip: z.number().int().min(0).max(11).default(0).describe('text encoder layers left out at the end'),
  device: z.enum(DEVICE_NAMES).default('auto').describe('where to run'),
  fast: z.boolean().default(false).describe('int8 linear layers on CPU'),
})
const graph = z.object({
  task: z.literal('graph'),
  component: z.enum(NET_COMPONENTS).describe('which part of the checkpoint'),
  model: z.string().default(DEFAULT_MODEL).describe('store id or path of the checkpoint'),
  configDir,
  size: size.optional(),
})
const models = z.object({
  task: z.literal('models'),
  action: z.enum(['list', 'add', 'verify', 'show', 'remove']).describe('what to do'),
  target: z.string().optional().describe('a path for add, an id for the others'),
  configDir,
})
const devices = z.object({
  task: z.literal('devices'),
  refresh: z.boolean().default(false).describe('run the self-tests again'),
})
const show = z.object({ task: z.literal('show'), image: filePath.describe('picture whose recipe to print') })
const predict = z.object({
  task: z.literal('predict'),
  request: z.unknown().describe('the sampling request whose time and memory to predict'),
})

// editing with words has its own descriptions of these
const { prompt: _prompt, steps: _steps, guidance: _guidance, ...promptless } = samplingSchema.shape
const { invert, swap, attention, evaluate } = wordSchemas({ sampling: promptless, output: outputSchema.shape, stitch: stitchSchema.shape })

/** Every request, told apart by `task`. */
export const requestSchema = z.discriminatedUnion('task', [
  textToImage, imageToImage, inpaint, outpaint, remove, describePicture, net, graph, models, devices, show, predict, invert, swap, attention, evaluate,
  mask, picture, promptWordsSchema,
  ...Object.values(documentTasks),
])
/** The schema of each task by its name, for the command line's help. */
export const requestSchemas = {
  txt2img: textToImage, img2img: imageToImage, inpaint, outpaint, remove, describe: describePicture, net, graph, models, devices, show, predict, invert, swap, attention, evaluate,
  mask, picture, words: promptWordsSchema,
  ...documentTasks,
} as const

/** A checked request with its defaults filled in. */
export type EngineRequest = z.output<typeof requestSchema>
/** A request as a caller writes it, defaults left out. */
export type EngineRequestInput = z.input<typeof requestSchema>
/** The name of a task. */
export type Task = EngineRequest['task']
/** The request of one task. */
export type RequestOf<T extends Task> = Extract<EngineRequest, { task: T }>
/** Parameters shared by the sampling tasks. */
export type SamplingRequest = z.output<typeof samplingSchema>

/** A small RGBA picture that shows how far a run is. */
export interface PreviewPicture {
  readonly width: number
  readonly height: number
  /** width*height*4 bytes */
  readonly rgba: Uint8Array
  /** the part of the picture that it shows, in the picture's pixels; all of it when absent */
  readonly box?: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }
}

/** Phase of a run that waits while another has the models. */
export const WAIT_PHASE = 'wait'

/** What a run tells while it goes on. */
export type EngineEvent =
  | {
      readonly event: 'progress'
      /** what is being done: wait, load, encode, sample, decode, fill, write ... */
      readonly phase: string
      /** steps done and steps in all of this phase; 0 of 0 when it cannot be counted */
      readonly step: number
      readonly steps: number
      /** seconds left of the whole run as far as known */
      readonly etaSeconds?: number
      readonly preview?: PreviewPicture
    }
  | { readonly event: 'warning'; readonly code: string; readonly message: string }

/** What a run gives back: plain JSON, printed as the `result` line. */
export type EngineResult = Readonly<Record<string, unknown>>
