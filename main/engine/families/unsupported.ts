/**
 * Files that are models of another kind, recognised by the names of their tensors, so that a person is told
 * what they have and what to do instead of "cannot load".
 */
import { type EngineError, badInput } from '../errors.ts'
import { isNarrowFloat } from '../weights/dtypes.ts'
import type { FileFormat } from '../weights/fileFormat.ts'
import { FORMAT_PHRASES } from '../weights/fileFormat.ts'
import type { TensorEntry } from '../weights/weightIndex.ts'
import type { ComponentName } from './checkpoint.ts'

/** What the engine runs, as it is called in sentences. */
export const SUPPORTED = 'a Stable Diffusion 1.x or 2.x checkpoint'

const CHOOSE = 'choose a Stable Diffusion 1.x or 2.x checkpoint (.safetensors or a diffusers folder)'
const NEEDS_BASE = 'it changes a checkpoint and is none itself, so pass the checkpoint it was made for'

/** A kind of file that is not a checkpoint this engine runs. */
interface ForeignKind {
  readonly id: string
  /** With its article: completes "found ...". */
  readonly what: string
  readonly todo: string
  /** Some tensor's name matches. */
  readonly some: RegExp
}

/** Most specific first: a ControlNet also has the tensors of a UNet, an SDXL file those of a VAE. */
const FOREIGN: readonly ForeignKind[] = [
  { id: 'awq', what: 'weights quantised with AWQ or GPTQ', todo: CHOOSE, some: /\.(qweight|qzeros)$/ },
  { id: 'bitsandbytes', what: 'weights quantised with bitsandbytes', todo: CHOOSE, some: /\.(quant_state\.bitsandbytes__\w+|absmax|quant_map)$/ },
  { id: 'ip-adapter', what: 'an IP-Adapter', todo: NEEDS_BASE, some: /^(image_proj\.|ip_adapter\.)/ },
  { id: 'lora', what: 'a LoRA (a LyCORIS counts as one)', todo: NEEDS_BASE, some: /(^lora_(unet|te\d?)_|\.lora_(down|up|A|B)\b|\.lora[._]|\.(hada_w1_[ab]|lokr_w[12](_[ab])?|oft_blocks|dora_scale)$|\.processor\.to_\w+_lora\.)/ },
  { id: 'controlnet', what: 'a ControlNet', todo: NEEDS_BASE, some: /^(control_model\.|controlnet_\w+\.|zero_convs\.|input_hint_block\.)/ },
  { id: 't2i-adapter', what: 'a T2I-Adapter', todo: NEEDS_BASE, some: /^(adapter\.)?body\.\d+\.(block1|block2|resnets\.\d+\.block1)\./ },
  { id: 'motion-module', what: 'an AnimateDiff motion module', todo: CHOOSE, some: /(motion_modules\.\d|temporal_transformer)/ },
  { id: 'sd3', what: 'a Stable Diffusion 3 checkpoint', todo: CHOOSE, some: /(^|\.)(joint_blocks\.\d|transformer_blocks\.\d+\.attn\.add_[qkv]_proj)/ },
  { id: 'flux', what: 'a Flux checkpoint', todo: CHOOSE, some: /(^|\.)(double_blocks|single_blocks|single_transformer_blocks)\.\d/ },
  { id: 'sdxl', what: 'an SDXL checkpoint', todo: CHOOSE, some: /^(conditioner\.embedders\.1\.|(model\.diffusion_model\.)?label_emb\.0\.0\.|add_embedding\.linear_1\.)/ },
  { id: 'stable-cascade', what: 'a Stable Cascade checkpoint', todo: CHOOSE, some: /(^|\.)(clip_txt_mapper|effnet_mapper)\./ },
  { id: 'transformer', what: 'a diffusion transformer (PixArt, Hunyuan, Wan, Qwen-Image and others are built so)', todo: CHOOSE, some: /^(model\.diffusion_model\.|transformer\.)?(blocks|transformer_blocks|layers)\.\d+\..*(scale_shift_table|cross_attn|adaLN_modulation|attn2|norm1\.linear)/ },
  { id: 'language-model', what: 'a language model', todo: CHOOSE, some: /^(model\.(embed_tokens|layers\.\d+\.self_attn)|transformer\.h\.\d|gpt_neox\.)/ },
  { id: 'upscaler', what: 'a picture upscaler', todo: CHOOSE, some: /^(params_ema\.)?(conv_first\.|RRDB_trunk|model\.1\.sub\.\d|body\.\d+\.rdb1)/ },
  { id: 'hypernetwork', what: 'a hypernetwork', todo: NEEDS_BASE, some: /^(768|320|640|1280|1024)\.\d\.linear/ },
]

/** Sets of parts: a file with one of them alone. Tried after {@link FOREIGN}. */
const PARTS: readonly ForeignKind[] = [
  { id: 'unet-alone', what: 'a UNet alone, without text encoder and VAE', todo: 'choose a full checkpoint, or a diffusers folder that has all parts', some: /^(model\.diffusion_model\.|diffusion_model\.|unet\.)?(input_blocks\.0\.0|time_embedding\.linear_1|down_blocks\.0\.resnets\.0)\./ },
  { id: 'vae-alone', what: 'a VAE alone', todo: 'it is one part of a checkpoint, so pass the whole checkpoint', some: /^(first_stage_model\.|vae\.)?(encoder|decoder)\.(conv_in|mid_block|mid\.|up\.|layers\.\d)/ },
  { id: 'text-encoder-alone', what: 'a CLIP model alone', todo: 'it is one part of a checkpoint, so pass the whole checkpoint', some: /^(cond_stage_model\.|text_model\.|vision_model\.|transformer\.resblocks\.|visual\.)/ },
]

/** The kind of a foreign file, or undefined; `parts` also recognises components on their own. */
function foreignKind(names: readonly string[], table: readonly ForeignKind[]): ForeignKind | undefined {
  return table.find(({ some }) => names.some((name) => some.test(name)))
}

/** Textual inversion: one or a few vectors and nothing else. */
function isEmbedding(entries: readonly TensorEntry[]): boolean {
  if (entries.length === 0 || entries.length > 4) return false
  return entries.every(({ name, shape }) => /^(emb_params|string_to_param.*|clip_[lg]|<.*>|\*)$/.test(name) || (shape.length <= 2 && [768, 1024, 1280].includes(shape.at(-1) ?? 0) && !name.includes('.')))
}

/**
 * Refuses a file whose tensors are those of another kind of model.
 * @throws EngineError checkpoint/unsupported (exit 2) naming the kind and what to do; `details.kind` is its id
 */
export function refuseForeign(file: string, entries: readonly TensorEntry[]): void {
  const kind = foreignKind(entries.map(({ name }) => name), FOREIGN)
  if (kind) throw unsupported(file, kind.id, kind.what, kind.todo)
  if (isEmbedding(entries)) throw unsupported(file, 'embedding', 'a textual-inversion embedding', `${NEEDS_BASE} (embeddings are not applied yet)`)
  const narrow = entries.find(({ dtype }) => isNarrowFloat(dtype))
  if (narrow) throw unsupported(file, 'fp8', `${narrow.dtype} weights (fp8 or narrower)`, "use the checkpoint's fp16 version")
}

/**
 * The refusal of a file without the tensors of a checkpoint: a part on its own, or unknown. Says what was
 * looked at, so that a person (or a bug report) can go on from there.
 */
export function notACheckpoint(file: string, entries: readonly TensorEntry[]): EngineError {
  const names = entries.map(({ name }) => name)
  const part = foreignKind(names, PARTS)
  if (part) return unsupported(file, part.id, part.what, part.todo)
  const distinct = [...new Map(names.map((name) => [name.split('.').slice(0, 2).join('.').replace(/\d+/g, '0'), name])).values()].slice(0, 3)
  const shown = distinct.map((name) => (name.length > 60 ? `${name.slice(0, 60)}...` : name)).join(', ')
  const found = entries.length === 0 ? 'no tensors at all' : `an unknown architecture (${entries.length} tensors, such as ${shown})`
  return unsupported(file, 'unknown', found, 'looked for model.diffusion_model., first_stage_model. and cond_stage_model. among the names; if it is one, save it again as a diffusers folder')
}

function unsupported(file: string, kind: string, found: string, todo: string): EngineError {
  return badInput('checkpoint/unsupported', { thing: file, expected: SUPPORTED, found, todo, details: { kind } })
}

/** What to do about files that are not safetensors at all; they are never parsed. */
const FORMAT_TODO: Readonly<Partial<Record<FileFormat, string>>> = {
  'pickle-zip': 'a pickle can run any program when it is opened, so fetch the .safetensors version or convert it with a tool you trust',
  pickle: 'a pickle can run any program when it is opened, so fetch the .safetensors version or convert it with a tool you trust',
  gguf: 'GGUF holds quantised weights, so fetch the .safetensors version',
  html: 'sign in where the model is offered and fetch the file again',
  'lfs-pointer': 'run `git lfs pull` in its folder',
  archive: 'unpack it first',
}

/**
 * The refusal of a file by its format, before anything of it is interpreted; undefined for formats that may be
 * safetensors. A pickle's extension is enough.
 */
export function refusalByFormat(file: string, format: FileFormat): EngineError | undefined {
  const pickleName = /\.(ckpt|pt|pth|bin|pkl)$/i.test(file)
  if (pickleName && (format === 'unknown' || format === 'archive')) format = 'pickle'
  if (format === 'safetensors' || format === 'unknown' || format === 'json' || format === 'empty') return undefined
  return unsupported(file, format, FORMAT_PHRASES[format], FORMAT_TODO[format] ?? CHOOSE)
}

/** Model and pipeline classes that this engine does not run, by `_class_name` or `architectures`. */
const FOREIGN_CLASSES: readonly (readonly [RegExp, string, string, string])[] = [
  [/XL|Kolors|Playground/, 'sdxl', 'an SDXL folder', CHOOSE],
  [/^StableDiffusion3|^SD3/, 'sd3', 'a Stable Diffusion 3 folder', CHOOSE],
  [/^Flux/, 'flux', 'a Flux folder', CHOOSE],
  [/ControlNetModel$/, 'controlnet', 'a ControlNet folder', NEEDS_BASE],
  [/^(T2IAdapter|MultiAdapter)/, 't2i-adapter', 'a T2I-Adapter folder', NEEDS_BASE],
  [/^(Autoencoder|ConsistencyDecoder)/, 'vae-alone', 'a VAE alone', 'it is one part of a checkpoint, so pass the folder above it'],
  [/^UNet/, 'unet-alone', 'a UNet alone', 'it is one part of a checkpoint, so pass the folder above it'],
  [/^CLIP/, 'text-encoder-alone', 'a CLIP model alone', 'it is one part of a checkpoint, so pass the folder above it'],
  [/ForCausalLM$/, 'language-model', 'a language model', CHOOSE],
  [/^StableDiffusion(Latent)?Upscale/, 'upscaler', 'an upscaler', CHOOSE],
  [/^StableDiffusionDepth/, 'depth', 'a depth-guided model', CHOOSE],
  [/Transformer|^(PixArt|Hunyuan|Kandinsky|StableCascade|Wuerstchen|IF|Wan|Qwen|Lumina|AuraFlow|Sana|Cog)/, 'transformer', 'a folder of another architecture', CHOOSE],
]

/** Pipeline classes whose UNets this engine runs. */
const KNOWN_PIPELINES = /^((Legacy)?(Onnx)?StableDiffusion(Img2Img|Inpaint|InstructPix2Pix|Panorama|ControlNet\w*|Safe)?Pipeline(Safe|Legacy)?|LatentConsistencyModel(Img2Img)?Pipeline|DiffusionPipeline)$/

/**
 * Refuses a folder by the class its model_index.json or config.json names.
 * @param hasUnet the folder holds a UNet that can be looked at: then only classes known to be foreign are refused
 * @returns a note for a person when the class is unknown and the parts will be tried all the same
 * @throws EngineError checkpoint/unsupported (exit 2)
 */
export function refuseForeignClass(file: string, className: string | undefined, hasUnet = false): string | undefined {
  if (className === undefined || KNOWN_PIPELINES.test(className)) return undefined
  const shown = className.slice(0, 80)
  const known = FOREIGN_CLASSES.find(([pattern]) => pattern.test(className))
  if (known) throw unsupported(file, known[1], `${known[2]} (${shown})`, known[3])
  if (!hasUnet) throw unsupported(file, 'unknown', `a folder of class ${shown}`, CHOOSE)
  return `The folder names the unknown class ${shown}; its parts are taken for those of Stable Diffusion.`
}

/** The class each component's configuration must name, where it names one. */
const COMPONENT_CLASSES: Readonly<Record<ComponentName, RegExp>> = {
  unet: /^UNet2DConditionModel$/,
  vae: /^AutoencoderKL$/,
  tinyVae: /^AutoencoderTiny$/,
  textEncoder: /^CLIPTextModel(WithProjection)?$/,
  imageEncoder: /^CLIPVisionModelWithProjection$/,
  probe: /./,
}

/** The class a configuration names: diffusers writes `_class_name`, transformers `architectures`. */
export function classNameOf(config: Readonly<Record<string, unknown>>): string | undefined {
  const { _class_name: name, architectures } = config
  if (typeof name === 'string') return name
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : []
  return typeof first === 'string' ? first : undefined
}

/**
 * Refuses a part of a folder whose configuration names a class that stands for another net.
 * @throws EngineError checkpoint/unsupported (exit 2)
 */
export function refuseForeignPart(folder: string, name: ComponentName, config: Readonly<Record<string, unknown>>): void {
  if (name === 'unet' && config['addition_embed_type'] === 'text_time') throw unsupported(folder, 'sdxl', 'the UNet of an SDXL folder', CHOOSE)
  const className = classNameOf(config)
  if (className === undefined || COMPONENT_CLASSES[name].test(className)) return
  throw unsupported(folder, 'part', `a ${className.slice(0, 80)} as ${name}`, CHOOSE)
}
