/** A UNet with attention control compiled in: several rows per run, steered by what is fed. */
import { failed } from '../errors.ts'
import type { GraphCost } from '../graph/cost.ts'
import type { AttentionControl, AttentionSite } from '../nets/attentionSite.ts'
import { listAttentionSites } from '../nets/attentionSite.ts'
import { buildUNet2DCondition } from '../nets/unet2dCondition.ts'
import { planUNet } from '../nets/unetPlan.ts'
import type { Latents, PromptEmbeds, Tensor } from '../tensor/tensor.ts'
import { concatRows } from '../tensor/tensor.ts'
import { hashParts } from '../weights/weightIndex.ts'
import type { NoisePredictor } from './denoise.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'

/** How much the UNet was used. */
export interface UNetWork {
  /** runs of a session */
  calls: number
  /** rows of all runs: a run of three rows counts three */
  rowForwards: number
  /** seconds inside the runs */
  seconds: number
}

/** A counter at zero. */
export function noWork(): UNetWork {
  return { calls: 0, rowForwards: 0, seconds: 0 }
}

/** The sizes of a run: latent rows and columns, prompt tokens. */
export interface NetSize {
  readonly height: number
  readonly width: number
  readonly tokens: number
}

/** One run's results: raw outputs [rows,4,h,w] and the maps by output name. */
export interface ControlledOutput {
  readonly sample: Latents
  readonly maps: Readonly<Record<string, Tensor>>
}

/** An opened net. */
export interface ControlledNet {
  /** the checkpoint as the person named it */
  readonly source?: string | undefined
  /** @param samples scaled model inputs, one [1,4,h,w] per row @param promptEmbeds [rows,tokens,features] */
  run(samples: readonly Latents[], timestep: number, promptEmbeds: PromptEmbeds, feeds: Readonly<Record<string, Tensor>>): Promise<ControlledOutput>
}

/** The attention sites of a checkpoint's UNet at a size. */
export function sitesOf(loaded: LoadedCheckpoint, size: NetSize): AttentionSite[] {
  const unet = loaded.checkpoint.components.unet
  if (!unet) throw failed('checkpoint/component', `${loaded.checkpoint.path} has no UNet, which this task needs; choose a checkpoint that has one.`)
  return listAttentionSites(planUNet(unet.config), size)
}

/** How a controlled net is opened, what it is called in the speed book, and what one run costs. */
export interface ControlledPlan {
  readonly rows: number
  readonly variant: string
  readonly key: string
  readonly cost: GraphCost
}

/** Lays a controlled net out without opening it. */
export async function planControlledUNet(loaded: LoadedCheckpoint, rows: number, size: NetSize, control: AttentionControl): Promise<ControlledPlan> {
  const { variant, key } = controlledNames(loaded, rows, size, control)
  return { rows, variant, key, cost: await loaded.costOf('unet', variant, (config, weights) => buildUNet2DCondition(config, weights, { batch: rows, ...size, fused: loaded.fused, control })) }
}

function controlledNames(loaded: LoadedCheckpoint, rows: number, size: NetSize, control: AttentionControl): Pick<ControlledPlan, 'variant' | 'key'> {
  const specification = JSON.stringify(control)
  return {
    variant: `rows${rows} ${size.height}x${size.width}x${size.tokens} ${specification}`,
    key: `${loaded.speedKey('unet', size.height, size.width)} rows${rows} ${size.tokens} tokens ${hashParts([specification]).slice(0, 8)}`,
  }
}

/** Opens the net; kept by the checkpoint until another UNet is asked for. */
export async function openControlledUNet(loaded: LoadedCheckpoint, rows: number, size: NetSize, control: AttentionControl, work: UNetWork): Promise<ControlledNet> {
  const { variant, key } = controlledNames(loaded, rows, size, control)
  const build: Parameters<LoadedCheckpoint['openTimed']>[3] = (config, weights) => buildUNet2DCondition(config, weights, { batch: rows, ...size, fused: loaded.fused, control })
  const open = (net: 'unet' | 'unetFloat'): ReturnType<LoadedCheckpoint['openTimed']> => loaded.openTimed(net, variant, net === 'unet' ? key : `${key} float`, build)
  if (!loaded.fast) await open('unet') // else the first step tells which one
  return {
    source: loaded.checkpoint.path,
    async run(samples, timestep, promptEmbeds, feeds) {
      const session = await open(loaded.unetAt(timestep))
      const started = performance.now()
      const outputs = await session.run({
        sample: concatRows(samples),
        timestep: { data: new Float32Array(rows).fill(timestep), dims: [rows] },
        encoder_hidden_states: promptEmbeds,
        ...feeds,
      })
      work.calls += 1
      work.rowForwards += rows
      work.seconds += (performance.now() - started) / 1000
      const { sample, ...maps } = outputs
      if (!sample) throw failed('run/output', 'The UNet gave no output named sample; please report it.')
      return { sample: sample as Latents, maps }
    },
  }
}

/** The plain one-row net, with its work counted. */
export async function countedPredictor(loaded: LoadedCheckpoint, size: NetSize, work: UNetWork): Promise<NoisePredictor> {
  const predictor = await loaded.predictor(size.height, size.width, size.tokens)
  return {
    source: predictor.source,
    async predict(sample, timestep, promptEmbeds) {
      const started = performance.now()
      const output = await predictor.predict(sample, timestep, promptEmbeds)
      work.calls += 1
      work.rowForwards += 1
      work.seconds += (performance.now() - started) / 1000
      return output
    },
  }
}
