/** `net`: one component's forward pass on tensors from a file, as diffusers' module gives it. `graph`: its printed form. */
import { badInput } from '../errors.ts'
import { printGraph } from '../graph/print.ts'
import type { Graph } from '../graph/graph.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../nets/autoencoderKl.ts'
import { buildClipText } from '../nets/clipText.ts'
import { buildClipVision } from '../nets/clipVision.ts'
import { buildUNet2DCondition } from '../nets/unet2dCondition.ts'
import type { EngineResult, NetComponent, RequestOf } from '../requests.ts'
import type { IntTensor, Tensor } from '../tensor/tensor.ts'
import { tensor } from '../tensor/tensor.ts'
import { readIntTensor, readSafetensorsHeader, readTensor } from '../weights/safetensors.ts'
import { writeSafetensors } from '../weights/safetensorsWriter.ts'
import type { RunContext } from './context.ts'
import type { LoadedCheckpoint, NetName } from './loadedCheckpoint.ts'

/** What a component is called, takes and is built by. */
interface RawNet {
  readonly net: NetName
  /** inputs that must be in the file, diffusers' names */
  readonly inputs: readonly string[]
  build(loaded: LoadedCheckpoint, dims: Readonly<Record<string, readonly number[]>>, options: { clipSkip: number }): Promise<Graph>
}

const RAW_NETS: Readonly<Record<NetComponent, RawNet>> = {
  unet: {
    net: 'unet',
    inputs: ['sample', 'timestep', 'encoder_hidden_states'],
    build: (loaded, { sample, encoder_hidden_states: states }) =>
      loaded.graph('unet', (config, weights, spec) =>
        buildUNet2DCondition(config, weights, { ...spec, batch: sample![0]!, height: sample![2]!, width: sample![3]!, tokens: states![1]! })),
  },
  'vae-encoder': {
    net: 'vaeEncoder',
    inputs: ['sample'],
    build: (loaded, { sample }) =>
      loaded.graph('vaeEncoder', (config, weights, spec) => buildVaeEncoder(config, weights, { ...spec, batch: sample![0]!, height: sample![2]!, width: sample![3]! })),
  },
  'vae-decoder': {
    net: 'vaeDecoder',
    inputs: ['latent_sample'],
    build: (loaded, { latent_sample: sample }) =>
      loaded.graph('vaeDecoder', (config, weights, spec) => buildVaeDecoder(config, weights, { ...spec, batch: sample![0]!, height: sample![2]!, width: sample![3]! })),
  },
  'text-encoder': {
    net: 'textEncoder',
    inputs: ['input_ids'],
    build: (loaded, { input_ids: ids }, { clipSkip }) =>
      loaded.graph('textEncoder', (config, weights, spec) => buildClipText(config, weights, { ...spec, batch: ids![0]!, clipSkip })),
  },
  'image-encoder': {
    net: 'imageEncoder',
    inputs: ['pixel_values'],
    build: (loaded, { pixel_values: pixels }) => loaded.graph('imageEncoder', (config, weights, spec) => buildClipVision(config, weights, { ...spec, batch: pixels![0]! })),
  },
}

/** Names an input file may use instead of diffusers' own. */
const OTHER_NAMES: Readonly<Record<string, string>> = { pixel_values: 'sample' }

/** Runs the component once: no scaling factor, no clamp; outputs F32 under diffusers' names. */
export async function runRawNet(context: RunContext, request: RequestOf<'net'>): Promise<EngineResult> {
  const raw = RAW_NETS[request.component]
  const feeds = readFeeds(request.in, raw)
  const loaded = await context.checkpoint(request.model, request)
  const dims = Object.fromEntries(Object.entries(feeds).map(([name, feed]) => [name, feed.dims]))
  const graph = await raw.build(loaded, dims, request)
  const wanted: Record<string, Tensor | IntTensor> = {}
  for (const input of graph.inputs) {
    const feed = feeds[input.name]
    if (!feed) throw badInput('net/input', { thing: request.in, expected: `a tensor ${input.name} of shape [${input.dims}]`, found: `only ${Object.keys(feeds).join(', ')}` })
    wanted[input.name] = input.name === 'timestep' ? perRow(feed, Number(graph.inputs[0]!.dims[0])) : feed
  }
  const started = performance.now()
  const outputs = await loaded.runOnce(graph, wanted)
  const seconds = (performance.now() - started) / 1000
  await writeSafetensors(request.out, outputs)
  return { out: request.out, outputs: Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, output.dims])), seconds: Math.round(seconds * 1000) / 1000, device: loaded.device }
}

/** The printed graph of a component at a size. */
export async function showGraph(context: RunContext, request: RequestOf<'graph'>): Promise<EngineResult> {
  const loaded = await context.checkpoint(request.model, { device: 'cpu', fast: false, configDir: request.configDir })
  const native = loaded.checkpoint.size
  const { width, height } = request.size ?? { width: native, height: native }
  const latent = [1, 4, Math.ceil(height / 8), Math.ceil(width / 8)]
  const dims = {
    sample: request.component === 'unet' ? latent : [1, 3, height, width],
    latent_sample: latent,
    encoder_hidden_states: [1, 77, 0],
    input_ids: [1, 77],
    pixel_values: [1, 3, height, width],
  }
  const graph = await RAW_NETS[request.component].build(loaded, dims, { clipSkip: 0 })
  return { component: request.component, nodes: graph.nodes.length, text: printGraph(graph) }
}

function readFeeds(file: string, raw: RawNet): Record<string, Tensor | IntTensor> {
  const { tensors } = readSafetensorsHeader(file)
  const feeds: Record<string, Tensor | IntTensor> = {}
  for (const [name, entry] of tensors) feeds[name] = entry.dtype === 'I64' || entry.dtype === 'I32' ? readIntTensor(entry) : readTensor(entry)
  for (const name of raw.inputs) {
    const other = OTHER_NAMES[name]
    if (!feeds[name] && other && feeds[other]) feeds[name] = feeds[other]
    if (!feeds[name]) throw badInput('net/input', { thing: file, expected: `the tensors ${raw.inputs.join(', ')}`, found: [...tensors.keys()].join(', ') || 'none' })
  }
  return feeds
}

/** A timestep of shape [], [1] or [B], of any type, as F32 [B]. */
function perRow(feed: Tensor | IntTensor, batch: number): Tensor {
  const values = Float32Array.from(feed.data as Float32Array, Number)
  if (values.length === batch) return tensor(values, [batch])
  if (values.length === 1) return tensor(new Float32Array(batch).fill(values[0]!), [batch])
  throw badInput('net/input', { thing: 'timestep', expected: `one value or ${batch}`, found: String(values.length) })
}
