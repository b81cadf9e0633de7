/**
 * The starter's probe: a stack of plain convolutions that answers every question about a picture of its world (objects,
 * colours, background, style) at each cell of a coarse grid, and pools the answers. Described in full by its config.json;
 * the reference is models/training/papercut/probe_model.py.
 */
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import { ConfigReader, unsupportedConfig, type NetConfig } from './config.ts'
import { conv2d } from './layers/modules.ts'

/** One group of logits. */
export interface ProbeHead {
  readonly name: string
  readonly labels: readonly string[]
  /** one choice of label per object class, rather than one for the picture */
  readonly perClass: boolean
  /** yes-no: every label is a question of its own (logit > 0 is yes); choice: the largest logit's label */
  readonly kind: 'yes-no' | 'choice'
  /** over the cells: the largest, the mean, or the mean weighted by where the class is seen */
  readonly pooling: 'max' | 'mean' | 'attention'
}

/** What a probe takes and answers. */
export interface ProbePlan {
  /** side in pixels of its input */
  readonly side: number
  readonly classes: readonly string[]
  readonly heads: readonly ProbeHead[]
  /** rows of [channels, stride] */
  readonly convs: readonly (readonly [number, number])[]
}

/** Reads a probe's config.json. @throws EngineError nets/unsupported-config */
export function planProbe(config: NetConfig): ProbePlan {
  const read = new ConfigReader('papercut-probe', config)
  const input = read.raw('input') as { side?: unknown } | null
  const convs = read.raw('convs')
  const heads = read.raw('heads')
  const classes = read.raw('classes')
  if (typeof input?.side !== 'number') throw unsupportedConfig('papercut-probe', 'input', input, 'an object with a side in pixels')
  if (!Array.isArray(convs) || !convs.every((row) => Array.isArray(row) && row.length === 2)) throw unsupportedConfig('papercut-probe', 'convs', convs, 'rows of channels and stride')
  if (!Array.isArray(heads)) throw unsupportedConfig('papercut-probe', 'heads', heads, 'a list of heads')
  if (!Array.isArray(classes)) throw unsupportedConfig('papercut-probe', 'classes', classes, 'a list of words')
  return { side: input.side, classes: classes as string[], heads: heads as ProbeHead[], convs: convs as [number, number][] }
}

/** The graph of a probe. Input: pixel_values [B,3,side,side] in [-1,1]. Output: logits [B,width], the heads one after another. */
export function buildProbe(config: NetConfig, weights: WeightIndex, spec: { readonly batch: number }): Graph {
  const plan = planProbe(config)
  const b = new GraphBuilder('probe', weights)
  let x = b.input('pixel_values', 'f32', [spec.batch, 3, plan.side, plan.side])
  plan.convs.forEach(([, stride], index) => {
    x = b.relu(conv2d(b, `convs.${index}`, x, { stride, padding: 1 }))
  })
  const answers = conv2d(b, 'head', b.relu(conv2d(b, 'hidden', x))) // [B,width,h,w]
  const cells = Number(answers.dims[2]) * Number(answers.dims[3])
  b.output('logits', poolAnswers(b, plan, b.reshape(answers, [spec.batch, Number(answers.dims[1]), cells]), spec.batch))
  return b.build()
}

/** Logits of the picture [B,width] from those of its cells [B,width,cells]. */
function poolAnswers(b: GraphBuilder, plan: ProbePlan, flat: Value, batch: number): Value {
  const cells = Number(flat.dims[2])
  const classes = plan.classes.length
  const sizes = plan.heads.map((head) => head.labels.length * (head.perClass ? classes : 1))
  const parts = b.split(flat, 1, sizes)
  const present = plan.heads.findIndex((head) => head.kind === 'yes-no')
  // where each class is seen: [B,classes,1,cells]
  const share = b.reshape(b.softmax(parts[present]!, -1), [batch, classes, 1, cells])
  const pooled = plan.heads.map((head, index) => {
    const part = parts[index]!
    if (head.pooling === 'max') return b.reduceMax(part, [2])
    if (head.pooling === 'mean') return b.reduceMean(part, [2])
    const rows = b.mul(b.reshape(part, [batch, classes, head.labels.length, cells]), share)
    return b.reshape(b.reduceSum(rows, [3]), [batch, sizes[index]!])
  })
  return b.concat(pooled, 1)
}

/** What a probe says of one picture. */
export interface ProbeRecord {
  /** objects it sees, in the order of the configuration's classes */
  readonly objects: readonly { readonly class: string; readonly confidence: number; readonly attributes: Readonly<Record<string, string>> }[]
  /** background, style, weather ...: head name -> label */
  readonly picture: Readonly<Record<string, string>>
}

/** Reads logits [width] as a record: the class heads' labels for every class that is present. */
export function readProbe(plan: ProbePlan, logits: Float32Array): ProbeRecord {
  const present: number[] = []
  const perClass: { name: string; labels: readonly string[]; at: number }[] = []
  const picture: Record<string, string> = {}
  let at = 0
  for (const head of plan.heads) {
    if (head.kind === 'yes-no') for (let i = 0; i < head.labels.length; i++) present.push(logits[at + i]!)
    else if (head.perClass) perClass.push({ name: head.name, labels: head.labels, at })
    else picture[head.name] = head.labels[largest(logits, at, head.labels.length)]!
    at += head.labels.length * (head.perClass ? plan.classes.length : 1)
  }
  const objects = plan.classes.flatMap((name, index) => {
    if (present[index]! <= 0) return []
    const attributes = Object.fromEntries(perClass.map((head) => [head.name, head.labels[largest(logits, head.at + index * head.labels.length, head.labels.length)]!]))
    return [{ class: name, confidence: 1 / (1 + Math.exp(-present[index]!)), attributes }]
  })
  return { objects, picture }
}

function largest(values: Float32Array, from: number, count: number): number {
  let best = 0
  for (let i = 1; i < count; i++) if (values[from + i]! > values[from + best]!) best = i
  return best
}
