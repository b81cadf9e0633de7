/**
 * Attention control compiled into a UNet's graph: extra inputs that steer attention, fed at every step, and extra
 * outputs that show it. One graph serves a whole edit; which steps are steered is a matter of the numbers fed.
 *
 * | input | shape | meaning |
 * |---|---|---|
 * | `cross_mapper` | [pairs, T, T] | target maps = source maps x mapper + own maps * keep |
 * | `cross_keep` | [pairs, T] | see there; windows, alphas and token scales are folded into these two |
 * | `cross_bias_HxW` | [pairs, P, T] | times the row's largest score, added to its scores before the softmax |
 * | `cross_free_HxW` | [pairs, P] | 1 where the row's own (biased) maps are kept whatever the mapper says |
 * | `self_gate` | [pairs] | 1 swaps the row's queries and keys (or keys and values) for its source's |
 * | `feature_gate` | [pairs] | 1 takes the named resnets' results from the source |
 *
 * | output | shape | meaning |
 * |---|---|---|
 * | `cross_maps_HxW` | [rows, P, T] | cross-attention after the edit, mean over the heads of all sites of that size |
 *
 * T prompt tokens, P = H W pixels, pairs in the order of the specification. Every gate is 0 or 1, so that an edit
 * that changes nothing leaves rows equal to the last bit: x 1 + y 0 is exact.
 *
 * Sources: prompt-to-prompt (arXiv 2208.01626), MasaCtrl (2304.08465), plug-and-play (2211.12572), paint with words
 * (eDiff-I, 2211.01324, section 4.3). Replacing a row's self-attention maps is done by swapping its queries and keys:
 * softmax(Qs Ks^T) V is the fused kernel's own job, so no self-attention map ever exists in memory.
 */
import type { GraphBuilder } from '../graph/builder.ts'
import type { Value } from '../graph/graph.ts'
import { EngineError } from '../errors.ts'
import { biasInput, crossMapSizes, freeInput, mapsOutput } from './attentionSite.ts'
import type { AttentionCall, AttentionControl, AttentionSite, AttentionStrategy, MapSize, RowPair } from './attentionSite.ts'

/** The compiled control of one build. */
export interface CompiledControl {
  readonly attentionAt: AttentionStrategy
  /** To be called with every resnet's result before its shortcut. */
  readonly featuresAt: (name: string, hidden: Value) => Value
  /** Adds the outputs; call once, after the last site. */
  addOutputs(): void
}

/**
 * Declares the inputs of `control` on the builder and returns what the net has to call.
 * @throws EngineError nets/control when rows or sizes do not exist.
 */
export function compileAttentionControl(
  b: GraphBuilder,
  control: AttentionControl,
  net: { readonly sites: readonly AttentionSite[]; readonly batch: number; readonly tokens: number },
): CompiledControl {
  checkControl(control, net)
  const { cross, observe, self, features } = control
  const crossPorts = cross
    ? {
        pairs: cross.pairs,
        mapper: b.input('cross_mapper', 'f32', [cross.pairs.length, net.tokens, net.tokens]),
        keep: b.input('cross_keep', 'f32', [cross.pairs.length, net.tokens]),
        bias: new Map<string, { bias: Value; free: Value }>(),
      }
    : null
  if (cross?.bias && crossPorts) {
    for (const size of crossMapSizes(net.sites)) {
      const pixels = size[0] * size[1]
      crossPorts.bias.set(biasInput(size), {
        bias: b.input(biasInput(size), 'f32', [cross.pairs.length, pixels, net.tokens]),
        free: b.input(freeInput(size), 'f32', [cross.pairs.length, pixels]),
      })
    }
  }
  const selfGate = self ? b.input('self_gate', 'f32', [self.pairs.length]) : null
  const selfSites = new Set(self?.sites)
  const featureGate = features ? b.input('feature_gate', 'f32', [features.pairs.length]) : null
  const maps = new Map<string, { size: MapSize; values: Value[] }>(observe?.sizes.map((size) => [mapsOutput(size), { size, values: [] }]))

  const attentionAt: AttentionStrategy = (call) => {
    const { site, builder } = call
    if (!site.isCross) {
      const swapped = self && selfGate && selfSites.has(site.index) ? swapRows(call, self.swap, self.pairs, selfGate) : call
      return builder.attention(swapped.q, swapped.k, swapped.v, { heads: site.heads })
    }
    const observed = observe ? maps.get(mapsOutput([site.height, site.width])) : undefined
    const rows = [...new Set([...(crossPorts?.pairs.flatMap(({ row, source }) => [row, source]) ?? []), ...(observed ? observe!.rows : [])])].sort((x, y) => x - y)
    if (rows.length === 0) return builder.attention(call.q, call.k, call.v, { heads: site.heads })
    const explicit = explicitCross(call, rows, crossPorts, observed ? { rows: observe!.rows, into: observed.values } : null)
    const rest = Array.from({ length: net.batch }, (_, row) => row).filter((row) => !rows.includes(row))
    if (rest.length === 0) return explicit
    const [q, k, v] = [call.q, call.k, call.v].map((value) => takeRows(builder, value, rest)) as [Value, Value, Value]
    return mergeRows(builder, [[rows, explicit], [rest, builder.attention(q, k, v, { heads: site.heads })]], net.batch)
  }

  return {
    attentionAt,
    featuresAt: (name, hidden) => (features && featureGate && features.resnets.includes(name) ? gateRows(b, hidden, features.pairs, featureGate) : hidden),
    addOutputs() {
      for (const [name, { size, values }] of maps) {
        if (values.length === 0) throw controlError(`no cross-attention has maps of ${size[0]}x${size[1]}`)
        const sum = values.reduce((total, value) => b.add(total, value))
        b.output(name, b.mul(sum, 1 / values.length)) // [rows, P, T]
      }
    },
  }
}

/** What the explicit computation of one cross-attention site needs. */
interface CrossPorts {
  readonly pairs: readonly RowPair[]
  readonly mapper: Value
  readonly keep: Value
  readonly bias: ReadonlyMap<string, { readonly bias: Value; readonly free: Value }>
}

/** Cross-attention of some rows with its maps in the open. Returns [rows, P, C]. */
function explicitCross({ builder: b, site, q, k, v }: AttentionCall, rows: readonly number[], ports: CrossPorts | null, observe: { rows: readonly number[]; into: Value[] } | null): Value {
  const { heads } = site
  const channels = q.dims[2] as number
  const perHead = channels / heads
  const [pixels, tokens] = [site.height * site.width, site.keys]
  const split = (value: Value, length: number, permutation: readonly number[]) =>
    b.transpose(b.reshape(takeRows(b, value, rows), [rows.length, length, heads, perHead]), permutation)
  // the keys are the smaller factor: 77 rows against thousands of queries
  const keys = b.mul(split(k, tokens, [0, 2, 3, 1]), 1 / Math.sqrt(perHead)) // [R, heads, d, T]
  let scores = b.matmul(split(q, pixels, [0, 2, 1, 3]), keys) // [R, heads, P, T]
  const drawn = ports?.bias.get(biasInput([site.height, site.width]))
  if (ports && drawn) {
    scores = changeRows(b, scores, rows, ports.pairs, (own, pair) => {
      // where no score is above 0 there is nothing to scale by, and a negative factor would turn the drawing around
      const largest = b.relu(b.reduceMax(own, [1, 2, 3], true))
      return b.add(own, b.mul(b.reshape(takeRows(b, drawn.bias, [pair]), [1, 1, pixels, tokens]), largest))
    })
  }
  let maps = b.softmax(scores)
  if (ports) {
    const before = maps
    maps = changeRows(b, maps, rows, ports.pairs, (own, pair) => {
      const source = takeRows(b, before, [rows.indexOf(ports.pairs[pair]!.source)])
      const mapped = b.matmul(source, b.reshape(takeRows(b, ports.mapper, [pair]), [tokens, tokens]))
      const edited = b.add(mapped, b.mul(own, takeRows(b, ports.keep, [pair])))
      if (!drawn) return edited
      const free = b.reshape(takeRows(b, drawn.free, [pair]), [1, 1, pixels, 1])
      return b.add(b.mul(own, free), b.mul(edited, b.sub(1, free)))
    })
  }
  if (observe) {
    const seen = takeRows(b, maps, observe.rows.map((row) => rows.indexOf(row)))
    observe.into.push(b.reduceMean(seen, [1])) // [rows, P, T]
  }
  const out = b.matmul(maps, split(v, tokens, [0, 2, 1, 3])) // [R, heads, P, d]
  return b.reshape(b.transpose(out, [0, 2, 1, 3]), [rows.length, pixels, channels])
}

/** Swaps two of a site's three inputs for another row's. */
function swapRows(call: AttentionCall, swap: 'queriesAndKeys' | 'keysAndValues', pairs: readonly RowPair[], gate: Value): AttentionCall {
  const b = call.builder
  return swap === 'queriesAndKeys'
    ? { ...call, q: gateRows(b, call.q, pairs, gate), k: gateRows(b, call.k, pairs, gate) }
    : { ...call, k: gateRows(b, call.k, pairs, gate), v: gateRows(b, call.v, pairs, gate) }
}

/** Rows of pairs become gate * source + (1 - gate) * own; the others stay. */
function gateRows(b: GraphBuilder, value: Value, pairs: readonly RowPair[], gate: Value): Value {
  const rows = Array.from({ length: value.dims[0] as number }, (_, row) => row)
  const ones = value.dims.map(() => 1)
  return changeRows(b, value, rows, pairs, (own, pair) => {
    const open = b.reshape(takeRows(b, gate, [pair]), ones)
    return b.add(b.mul(takeRows(b, value, [pairs[pair]!.source]), open), b.mul(own, b.sub(1, open)))
  })
}

/** Changes the rows of a value that pairs name. `rows` are the batch rows that the value holds, in order. */
function changeRows(b: GraphBuilder, value: Value, rows: readonly number[], pairs: readonly RowPair[], change: (own: Value, pair: number) => Value): Value {
  const parts: [number[], Value][] = []
  let plain: number[] = []
  const flush = () => {
    if (plain.length > 0) parts.push([plain, takeRows(b, value, plain)])
    plain = []
  }
  rows.forEach((row, at) => {
    const pair = pairs.findIndex((candidate) => candidate.row === row)
    if (pair < 0) return void plain.push(at)
    flush()
    parts.push([[at], change(takeRows(b, value, [at]), pair)])
  })
  flush()
  return b.concat(parts.map(([, part]) => part), 0)
}

/** Some entries of the first axis, in the given order. */
function takeRows(b: GraphBuilder, value: Value, rows: readonly number[]): Value {
  if (rows.length === value.dims[0] && rows.every((row, i) => row === i)) return value
  const runs: [start: number, end: number][] = []
  for (const row of rows) {
    const last = runs.at(-1)
    if (last && last[1] === row) last[1] = row + 1
    else runs.push([row, row + 1])
  }
  return b.concat(runs.map(([start, end]) => b.slice(value, 0, start, end)), 0)
}

/** Puts groups of rows back into the order of the batch. */
function mergeRows(b: GraphBuilder, groups: readonly (readonly [rows: readonly number[], value: Value])[], batch: number): Value {
  const joined = b.concat(groups.map(([, value]) => value), 0)
  const order = groups.flatMap(([rows]) => rows)
  return takeRows(b, joined, Array.from({ length: batch }, (_, row) => order.indexOf(row)))
}

function checkControl({ cross, observe, self, features }: AttentionControl, { sites, batch }: { sites: readonly AttentionSite[]; batch: number }): void {
  for (const { row, source } of [cross, self, features].flatMap((part) => part?.pairs ?? [])) {
    const legal = [row, source].every((index) => Number.isInteger(index) && index >= 0 && index < batch) && row !== source
    if (!legal) throw controlError(`row ${row} cannot follow row ${source} in a batch of ${batch}`)
  }
  for (const { pairs } of [cross, self, features].filter((part) => part !== undefined)) {
    if (new Set(pairs.map(({ row }) => row)).size < pairs.length) throw controlError('a row follows two others')
    if (pairs.some(({ source }) => pairs.some(({ row }) => row === source))) throw controlError('a row follows one that is edited itself')
  }
  for (const row of observe?.rows ?? []) if (!(row >= 0 && row < batch)) throw controlError(`there is no row ${row} to observe in a batch of ${batch}`)
  for (const index of self?.sites ?? []) if (!sites[index] || sites[index].isCross) throw controlError(`attention ${index} is no self-attention`)
}

function controlError(what: string): EngineError {
  return new EngineError('nets/control', `Attention control: ${what}.`)
}
