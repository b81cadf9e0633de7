/**
 * Minimum cut of a grid-like graph by augmenting paths with two search trees
 * (Boykov, Kolmogorov 2004). Capacities are floats; the graph's shape is fixed, its capacities are set anew for
 * every cut.
 */

const FREE = 0
const SOURCE = 1
const SINK = 2
const NO_EDGE = -1
const TERMINAL = -2
const EPSILON = 1e-7

/** A graph of nodes with edges in both directions. */
export class MinimumCut {
  readonly #first: Int32Array
  readonly #next: Int32Array
  readonly #head: Int32Array
  readonly #capacity: Float64Array
  readonly #terminal: Float64Array
  readonly #tree: Uint8Array
  /** edge from a node towards its parent, or TERMINAL */
  readonly #parent: Int32Array
  readonly #nodes: number
  #active: number[] = []
  #activeAt = 0
  #orphans: number[] = []

  /**
   * @param edges pairs of nodes; edge k becomes the arcs 2k (forwards) and 2k+1 (backwards)
   */
  constructor(nodes: number, edges: readonly (readonly [number, number])[]) {
    this.#nodes = nodes
    this.#first = new Int32Array(nodes).fill(NO_EDGE)
    this.#next = new Int32Array(edges.length * 2)
    this.#head = new Int32Array(edges.length * 2)
    this.#capacity = new Float64Array(edges.length * 2)
    this.#terminal = new Float64Array(nodes)
    this.#tree = new Uint8Array(nodes)
    this.#parent = new Int32Array(nodes)
    edges.forEach(([from, to], k) => {
      this.#head[2 * k] = to
      this.#next[2 * k] = this.#first[from]!
      this.#first[from] = 2 * k
      this.#head[2 * k + 1] = from
      this.#next[2 * k + 1] = this.#first[to]!
      this.#first[to] = 2 * k + 1
    })
  }

  /** Sets an edge's capacities in both directions. */
  setEdge(edge: number, forwards: number, backwards: number): void {
    this.#capacity[2 * edge] = forwards
    this.#capacity[2 * edge + 1] = backwards
  }

  /** Sets a node's terminal capacity: positive from the source, negative to the sink. */
  setTerminal(node: number, capacity: number): void {
    this.#terminal[node] = capacity
  }

  /** Computes the cut and writes 1 for nodes on the sink's side (of the cut nearest the sink), else 0. */
  solve(onSinkSide: Uint8Array): void {
    this.#tree.fill(FREE)
    this.#active = []
    this.#activeAt = 0
    for (let node = 0; node < this.#nodes; node++) {
      const capacity = this.#terminal[node]!
      if (Math.abs(capacity) <= EPSILON) continue
      this.#tree[node] = capacity > 0 ? SOURCE : SINK
      this.#parent[node] = TERMINAL
      this.#active.push(node)
    }
    for (;;) {
      const arc = this.#grow()
      if (arc < 0) break
      this.#augment(arc)
      this.#adopt()
    }
    for (let node = 0; node < this.#nodes; node++) onSinkSide[node] = this.#tree[node] === SINK ? 1 : 0
  }

  /** Grows the trees until they touch; returns the arc from the source's tree to the sink's, or -1. */
  #grow(): number {
    while (this.#activeAt < this.#active.length) {
      const node = this.#active[this.#activeAt]!
      const tree = this.#tree[node]!
      if (tree !== FREE) {
        for (let arc = this.#first[node]!; arc !== NO_EDGE; arc = this.#next[arc]!) {
          const open = tree === SOURCE ? this.#capacity[arc]! : this.#capacity[arc ^ 1]!
          if (open <= EPSILON) continue
          const other = this.#head[arc]!
          const otherTree = this.#tree[other]!
          if (otherTree === FREE) {
            this.#tree[other] = tree
            this.#parent[other] = arc ^ 1
            this.#active.push(other)
          } else if (otherTree !== tree) {
            return tree === SOURCE ? arc : arc ^ 1
          }
        }
      }
      this.#activeAt += 1
    }
    return -1
  }

  #augment(middle: number): void {
    const { bottleneck } = this.#bottleneckOf(middle)
    this.#capacity[middle]! -= bottleneck
    this.#capacity[middle ^ 1]! += bottleneck
    // towards the source: arcs of the path run from parent to node
    for (let node = this.#head[middle ^ 1]!; ; ) {
      const arc = this.#parent[node]!
      if (arc === TERMINAL) {
        this.#terminal[node]! -= bottleneck
        if (this.#terminal[node]! <= EPSILON) this.#orphan(node)
        break
      }
      this.#capacity[arc ^ 1]! -= bottleneck
      this.#capacity[arc]! += bottleneck
      if (this.#capacity[arc ^ 1]! <= EPSILON) this.#orphan(node)
      node = this.#head[arc]!
    }
    for (let node = this.#head[middle]!; ; ) {
      const arc = this.#parent[node]!
      if (arc === TERMINAL) {
        this.#terminal[node]! += bottleneck
        if (this.#terminal[node]! >= -EPSILON) this.#orphan(node)
        break
      }
      this.#capacity[arc]! -= bottleneck
      this.#capacity[arc ^ 1]! += bottleneck
      if (this.#capacity[arc]! <= EPSILON) this.#orphan(node)
      node = this.#head[arc]!
    }
  }

  #bottleneckOf(middle: number): { bottleneck: number } {
    let bottleneck = this.#capacity[middle]!
    for (let node = this.#head[middle ^ 1]!; ; ) {
      const arc = this.#parent[node]!
      if (arc === TERMINAL) {
        bottleneck = Math.min(bottleneck, this.#terminal[node]!)
        break
      }
      bottleneck = Math.min(bottleneck, this.#capacity[arc ^ 1]!)
      node = this.#head[arc]!
    }
    for (let node = this.#head[middle]!; ; ) {
      const arc = this.#parent[node]!
      if (arc === TERMINAL) {
        bottleneck = Math.min(bottleneck, -this.#terminal[node]!)
        break
      }
      bottleneck = Math.min(bottleneck, this.#capacity[arc]!)
      node = this.#head[arc]!
    }
    return { bottleneck }
  }

  #orphan(node: number): void {
    this.#parent[node] = NO_EDGE
    this.#orphans.push(node)
  }

  /** Finds new parents for nodes that lost theirs; those without become free. */
  #adopt(): void {
    while (this.#orphans.length > 0) {
      const node = this.#orphans.pop()!
      const tree = this.#tree[node]!
      let found = NO_EDGE
      for (let arc = this.#first[node]!; arc !== NO_EDGE && found === NO_EDGE; arc = this.#next[arc]!) {
        const other = this.#head[arc]!
        const open = tree === SOURCE ? this.#capacity[arc ^ 1]! : this.#capacity[arc]!
        if (open > EPSILON && this.#tree[other] === tree && this.#rooted(other)) found = arc
      }
      if (found !== NO_EDGE) {
        this.#parent[node] = found
        continue
      }
      for (let arc = this.#first[node]!; arc !== NO_EDGE; arc = this.#next[arc]!) {
        const other = this.#head[arc]!
        if (this.#tree[other] !== tree) continue
        const open = tree === SOURCE ? this.#capacity[arc ^ 1]! : this.#capacity[arc]!
        if (open > EPSILON) this.#active.push(other)
        const parent = this.#parent[other]!
        if (parent >= 0 && this.#head[parent] === node) this.#orphan(other)
      }
      this.#tree[node] = FREE
    }
  }

  #rooted(start: number): boolean {
    for (let node = start; ; ) {
      const arc = this.#parent[node]!
      if (arc === TERMINAL) return true
      if (arc === NO_EDGE) return false
      node = this.#head[arc]!
    }
  }
}
