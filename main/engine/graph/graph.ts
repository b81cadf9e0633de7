/** What a net is before it becomes ONNX: typed values, nodes of a closed op set, and weights that stay in their files. */
import type { TensorEntry } from '../weights/weightIndex.ts'
import type { OpAttributes, OpName } from './ops.ts'
import type { Dim } from './shapes.ts'

/**
 * Element types a graph can carry. `f32 i64 i32 bool` cross the runtime border; `f16` exists only for weights that a
 * GPU graph casts, `i8 u8` only for quantised weights.
 */
export type ValueDtype = 'f32' | 'i64' | 'i32' | 'bool' | 'f16' | 'i8' | 'u8'

/** One tensor of a graph: known element type and dimensions, no data. */
export interface Value {
  /** Unique in its graph. */
  readonly id: number
  /** Unique in its graph; weights carry their checkpoint key, node results their module path. */
  readonly name: string
  readonly dtype: ValueDtype
  readonly dims: readonly Dim[]
  readonly origin: 'input' | 'weight' | 'constant' | 'node'
}

/** Data small enough to live inside the graph. `bool` data is Uint8Array of 0 and 1. */
export interface Constant {
  readonly data: Float32Array | BigInt64Array | Int32Array | Int8Array | Uint8Array
  readonly dims: readonly number[]
}

/** One application of an op. */
export interface GraphNode<K extends OpName = OpName> {
  readonly op: K
  /** Unique in its graph: the module path it was built under, then the op. */
  readonly name: string
  readonly inputs: readonly Value[]
  readonly attributes: OpAttributes[K]
  readonly outputs: readonly Value[]
}

/** A finished net. Nodes are in execution order; every value a node reads is made before it. */
export interface Graph {
  readonly name: string
  readonly inputs: readonly Value[]
  readonly outputs: readonly { readonly name: string; readonly value: Value }[]
  readonly nodes: readonly GraphNode[]
  /** By value id. */
  readonly weights: ReadonlyMap<number, TensorEntry>
  /** By value id. */
  readonly constants: ReadonlyMap<number, Constant>
  /** Folder that every weight file lies below; null when the graph has no weights. */
  readonly root: string | null
  /** Identity of the weights' content (the index's contentHash); null when the graph has no weights. */
  readonly weightsHash: string | null
}
