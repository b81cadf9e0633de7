/**
 * LPIPS (Zhang et al. 2018, "The Unreasonable Effectiveness of Deep Features as a Perceptual Metric", arXiv 1801.03924,
 * version 0.1): how far apart two pictures are to the features of AlexNet, VGG16 or SqueezeNet 1.1.
 *
 * d(a, b) = sum over stages l of mean over pixels of sum over channels of w_l (f_l(a)/|f_l(a)| - f_l(b)/|f_l(b)|)^2.
 *
 * Weights as the `lpips` package (and torchmetrics) name them: `net.sliceN.M.*` with torchvision's layer numbers, and
 * `linN.model.1.weight`. Which of the three it is, and every width, is told by the tensors.
 */
import { badInput } from '../errors.ts'
import { GraphBuilder } from '../graph/builder.ts'
import type { Graph, Value } from '../graph/graph.ts'
import type { WeightIndex } from '../weights/weightIndex.ts'
import { conv2d, maxPool2d } from './layers/modules.ts'

/** Feature nets that LPIPS comes with. */
export type LpipsNet = 'alex' | 'vgg' | 'squeeze'

/** What the pictures, in [-1,1], are shifted and scaled by before the features. */
const SHIFT = [-0.03, -0.088, -0.188] as const
const SCALE = [0.458, 0.448, 0.45] as const
/** Keeps the direction of a feature vector of zeros finite. */
const EPSILON = 1e-10

/** A layer of a feature net by torchvision's number. Convolutions and fire modules are followed by a ReLU. */
type Layer =
  | { readonly kind: 'conv'; readonly index: number; readonly stride?: number; readonly padding?: number }
  | { readonly kind: 'fire'; readonly index: number }
  | { readonly kind: 'pool'; readonly window: number; readonly ceil?: boolean }

const conv = (index: number, padding = 1, stride = 1): Layer => ({ kind: 'conv', index, padding, stride })
const fire = (index: number): Layer => ({ kind: 'fire', index })
const pool = (window: number, ceil = false): Layer => ({ kind: 'pool', window, ceil })

/** Layers per stage; the distance looks at the end of each. */
const STAGES: Readonly<Record<LpipsNet, readonly (readonly Layer[])[]>> = {
  alex: [[conv(0, 2, 4)], [pool(3), conv(3, 2)], [pool(3), conv(6)], [conv(8)], [conv(10)]],
  vgg: [[conv(0), conv(2)], [pool(2), conv(5), conv(7)], [pool(2), conv(10), conv(12), conv(14)], [pool(2), conv(17), conv(19), conv(21)], [pool(2), conv(24), conv(26), conv(28)]],
  squeeze: [[conv(0, 0, 2)], [pool(3, true), fire(3), fire(4)], [pool(3, true), fire(6), fire(7)], [pool(3, true), fire(9)], [fire(10)], [fire(11)], [fire(12)]],
}

/** Smallest side in pixels that every stage leaves something of. */
export const LPIPS_LEAST_SIDE = 35

/** The feature net of a file. @throws EngineError nets/lpips (exit 2) for another file */
export function lpipsNetOf(weights: WeightIndex, file: string): LpipsNet {
  const has = (key: string): boolean => weights.entries.has(key)
  const first = weights.entries.get('net.slice1.0.weight')
  if (first && has('lin0.model.1.weight')) {
    if (has('net.slice2.3.squeeze.weight')) return 'squeeze'
    if (has('net.slice1.2.weight')) return 'vgg'
    if (first.shape[2] === 11) return 'alex'
  }
  throw badInput('nets/lpips', {
    thing: file,
    expected: "LPIPS weights as the lpips package names them (net.slice1.0.weight ..., lin0.model.1.weight)",
    found: first ? 'features without linear layers, or of another net' : `a file whose first tensor is ${[...weights.entries.keys()][0] ?? 'missing'}`,
    todo: 'save the state of lpips.LPIPS as .safetensors, with its linear layers',
  })
}

/** The graph of the distance. Inputs: a, b [1,3,h,w] in [-1,1]. Output: distance [1]. @throws EngineError of the builder */
export function buildLpips(net: LpipsNet, weights: WeightIndex, size: { readonly height: number; readonly width: number }): Graph {
  const b = new GraphBuilder('lpips', weights)
  const pictures = ['a', 'b'].map((name) => b.input(name, 'f32', [1, 3, size.height, size.width]))
  const constants = [SHIFT, SCALE].map((values) => b.constant(Float32Array.from(values), [1, 3, 1, 1])) as [Value, Value]
  let features = b.div(b.sub(b.concat(pictures, 0), constants[0]), constants[1]) // [2,3,h,w]
  let distance: Value | null = null
  STAGES[net].forEach((layers, stage) => {
    for (const layer of layers) features = b.scope(`net.slice${stage + 1}`, () => applyLayer(b, layer, features))
    const term = b.scope(`lin${stage}.model.1`, () => stageDistance(b, features))
    distance = distance ? b.add(distance, term) : term
  })
  b.output('distance', distance!)
  return b.build()
}

function applyLayer(b: GraphBuilder, layer: Layer, x: Value): Value {
  switch (layer.kind) {
    case 'conv':
      return b.relu(conv2d(b, String(layer.index), x, { stride: layer.stride ?? 1, padding: layer.padding ?? 0 }))
    case 'fire':
      return b.scope(String(layer.index), () => {
        const squeezed = b.relu(conv2d(b, 'squeeze', x))
        return b.concat([b.relu(conv2d(b, 'expand1x1', squeezed)), b.relu(conv2d(b, 'expand3x3', squeezed, { padding: 1 }))], 1)
      })
    case 'pool':
      return maxPool2d(b, x, { window: layer.window, stride: 2, ceil: layer.ceil ?? false })
  }
}

/** One stage of features [2,C,h,w] -> its weighted distance [1]. */
function stageDistance(b: GraphBuilder, features: Value): Value {
  const length = b.sqrt(b.reduceSum(b.mul(features, features), [1], true))
  const [one, other] = b.split(b.div(features, b.add(length, EPSILON)), 0, 2) as [Value, Value]
  const difference = b.sub(one, other)
  const weighted = b.conv2d(b.mul(difference, difference), b.parameter('weight'), null) // [1,1,h,w]
  return b.reshape(b.reduceMean(weighted, [1, 2, 3]), [1])
}
