/**
 * UNet2DConditionModel of SD1.x and SD2.x: every configuration those families use, any latent size.
 * Parity: diffusers 0.42 models/unets/unet_2d_condition.py; deliberate differences: none.
 */
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import { compileAttentionControl } from './attentionControl.ts'
import { listAttentionSites, plainAttention } from './attentionSite.ts'
import type { AttentionControl, AttentionStrategy } from './attentionSite.ts'
import type { NetConfig } from './config.ts'
import { conv2d, downsample2d, groupNorm, upsample2d } from './layers/modules.ts'
import { resnetBlock } from './layers/resnetBlock.ts'
import { timeEmbedding } from './layers/timeEmbedding.ts'
import { transformer2d } from './layers/transformer2d.ts'
import type { TransformerContext } from './layers/transformer2d.ts'
import { planUNet } from './unetPlan.ts'
import type { BlockPlan, UNetPlan } from './unetPlan.ts'

/** What one UNet graph is for. Sizes are latent rows and columns. */
export interface UNetSpec {
  readonly batch: number
  readonly height: number
  readonly width: number
  /** Prompt length; 77 unless prompts are chunked. */
  readonly tokens?: number
  /** Whether the device's fused attention kernel is used. */
  readonly fused: boolean
  /** Replaces the computation at attention sites; {@link plainAttention} unless given. */
  readonly attentionAt?: AttentionStrategy
  /** Attention control to compile in, with its extra inputs and outputs; see attentionControl.ts. Not with `attentionAt`. */
  readonly control?: AttentionControl
}

/** What the blocks of one build share. */
interface BlockContext extends TransformerContext {
  readonly plan: UNetPlan
  readonly time: Value
  /** May replace a resnet's result before its shortcut is added. */
  readonly featuresAt?: (name: string, hidden: Value) => Value
}

/**
 * The graph of a UNet. Inputs: sample [B,inChannels,h,w], timestep [B], encoder_hidden_states [B,tokens,crossAttentionDim]
 * and, where the configuration has time_cond_proj_dim, timestep_cond [B,dim]; all f32. Output: sample [B,outChannels,h,w].
 * Attention control adds the inputs and outputs that {@link compileAttentionControl} names.
 * @throws EngineError nets/unsupported-config; weights/missing-key; graph/shape when weights do not fit the configuration.
 */
export function buildUNet2DCondition(config: NetConfig, weights: WeightIndex, spec: UNetSpec): Graph {
  const plan = planUNet(config)
  const { batch, height, width, tokens = 77 } = spec
  const b = new GraphBuilder('unet', weights, { fusedAttention: spec.fused })
  let sample = b.input('sample', 'f32', [batch, plan.inChannels, height, width])
  const timestep = b.input('timestep', 'f32', [batch])
  const encoderHiddenStates = b.input('encoder_hidden_states', 'f32', [batch, tokens, plan.crossAttentionDim])
  const condition = plan.time.conditionChannels === null ? null : b.input('timestep_cond', 'f32', [batch, plan.time.conditionChannels])
  const sites = new Map(listAttentionSites(plan, { height, width, tokens }).map((site) => [site.name, site]))
  const controlled = spec.control ? compileAttentionControl(b, spec.control, { sites: [...sites.values()], batch, tokens }) : null
  const context: BlockContext = {
    plan,
    time: timeEmbedding(b, plan, timestep, condition),
    encoderHiddenStates,
    linearProjection: plan.linearProjection,
    groups: plan.resnet.groups,
    siteAt: (name) => sites.get(name)!,
    attentionAt: controlled?.attentionAt ?? spec.attentionAt ?? plainAttention,
    ...(controlled ? { featuresAt: controlled.featuresAt } : {}),
  }

  // 1. conv_in
  if (plan.centerInputSample) sample = b.sub(b.mul(sample, 2), 1)
  let hidden = conv2d(b, 'conv_in', sample, { padding: Math.floor((plan.convInKernel - 1) / 2) })

  // 2. down: every resnet's and every downsampler's result is kept for the way up
  const skips: Value[] = [hidden]
  plan.down.forEach((block, index) => {
    hidden = downBlock(b, `down_blocks.${index}`, hidden, block, context, skips)
  })

  // 3. middle
  if (plan.mid) hidden = midBlock(b, hidden, plan.mid, context)

  // 4. up
  plan.up.forEach((block, index) => {
    hidden = upBlock(b, `up_blocks.${index}`, hidden, block, context, skips)
  })

  // 5. conv_out
  const normal = groupNorm(b, 'conv_norm_out', hidden, plan.resnet)
  b.output('sample', conv2d(b, 'conv_out', normal, { padding: Math.floor((plan.convOutKernel - 1) / 2) }))
  controlled?.addOutputs()
  return b.build()
}

/** DownBlock2D or CrossAttnDownBlock2D. Pushes its results onto `skips`. */
function downBlock(b: GraphBuilder, name: string, hidden: Value, block: BlockPlan, context: BlockContext, skips: Value[]): Value {
  return b.scope(name, () => {
    for (let layer = 0; layer < block.layers; layer++) {
      hidden = resnetBlock(b, `resnets.${layer}`, hidden, context.time, context.plan.resnet)
      if (block.transformer) hidden = transformer2d(b, `attentions.${layer}`, hidden, block.transformer.depth, context)
      skips.push(hidden)
    }
    if (block.resamples) {
      hidden = downsample2d(b, 'downsamplers.0', hidden, context.plan.downsamplePadding)
      skips.push(hidden)
    }
    return hidden
  })
}

/** UNetMidBlock2DCrossAttn, or UNetMidBlock2D (one resnet) where there is no attention. */
function midBlock(b: GraphBuilder, hidden: Value, mid: NonNullable<UNetPlan['mid']>, context: BlockContext): Value {
  return b.scope('mid_block', () => {
    const first = resnetBlock(b, 'resnets.0', hidden, context.time, context.plan.resnet, mid.scale)
    if (!mid.transformer) return first
    const attended = transformer2d(b, 'attentions.0', first, mid.transformer.depth, context)
    return resnetBlock(b, 'resnets.1', attended, context.time, context.plan.resnet, mid.scale)
  })
}

/** UpBlock2D or CrossAttnUpBlock2D. Takes its inputs off `skips`, last in first out. */
function upBlock(b: GraphBuilder, name: string, hidden: Value, block: BlockPlan, context: BlockContext, skips: Value[]): Value {
  return b.scope(name, () => {
    for (let layer = 0; layer < block.layers; layer++) {
      hidden = resnetBlock(b, `resnets.${layer}`, b.concat([hidden, skips.pop()!], 1), context.time, context.plan.resnet, 1, context.featuresAt)
      if (block.transformer) hidden = transformer2d(b, `attentions.${layer}`, hidden, block.transformer.depth, context)
    }
    if (!block.resamples) return hidden
    // Odd sizes halve upwards, so twice the size may be one too many: the next skip tells.
    const [, , height, width] = skips.at(-1)!.dims as readonly number[]
    return upsample2d(b, 'upsamplers.0', hidden, height!, width!)
  })
}
