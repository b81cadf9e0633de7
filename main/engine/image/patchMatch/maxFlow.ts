/**
 * Minimum cut of a grid-like graph by augmenting paths with two search trees (Boykov, Kolmogorov 2004), whose nodes
 * remember how far their root is and when that was looked up (Kolmogorov 2004, "Graph Based Algorithms for Scene
 * Reconstruction from Two or More Views", section 2.3.3): without it every orphan walks up to its root. Capacities are
 * floats; the graph's shape is fixed, its capacities are set anew for every cut.
 */

const FREE = 0
const SOURCE = 1
const SINK = 2
const NO_EDGE = -1
const TERMINAL = -2
const EPSILON = 1e-7
const UNROOTED = Number.MAX_SAFE_INTEGER

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
  /** arcs to the root as of the augmentation `#stamp` */
  readonly #distance: Int32Array
  readonly #stamp: Int32Array
  #time = 0
  readonly #nodes: number
  #active: number[] = []
  #activeAt = 0
  #orphans: number[] = []

  /**
   * @param edges pairs of nodes (or the two nodes of each edge one after the other); edge k becomes the arcs 2k
   *   (forwards) and 2k+1 (backwards)
   */
  constructor(nodes: number, edges: readonly (readonly [number, number])[] | Int32Array) {
    const flat = edges instanceof Int32Array ? edges : Int32Array.from(edges.flat())
    this.#nodes = nodes
    this.#first = new Int32Array(nodes).fill(NO_EDGE)
    this.#next = new Int32Array(flat.length)
    this.#head = new Int32Array(flat.length)
    this.#capacity = new Float64Array(flat.length)
    this.#terminal = new Float64Array(nodes)
    this.#tree = new Uint8Array(nodes)
    this.#parent = new Int32Array(nodes)
    this.#distance = new Int32Array(nodes)
    this.#stamp = new Int32Array(nodes)
    for (let arc = 0; arc < flat.length; arc += 2) {
      const [from, to] = [flat[arc]!, flat[arc + 1]!]
      this.#head[arc] = to
      this.#next[arc] = this.#first[from]!
      this.#first[from] = arc
      this.#head[arc + 1] = from
      this.#next[arc + 1] = this.#first[to]!
      this.#first[to] = arc + 1
    }
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
    this.#time = 0
    this.#stamp.fill(0)
    this.#distance.fill(1)
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
      this.#time += 1
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
            this.#hang(other, arc ^ 1, node)
            this.#active.push(other)
          } else if (otherTree !== tree) {
            return tree === SOURCE ? arc : arc ^ 1
          } else if (this.#stamp[other]! <= this.#stamp[node]! && this.#distance[other]! > this.#distance[node]!) {
            // the same tree reaches it by a shorter way
            this.#hang(other, arc ^ 1, node)
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
      let [found, shortest] = [NO_EDGE, UNROOTED]
      for (let arc = this.#first[node]!; arc !== NO_EDGE; arc = this.#next[arc]!) {
        const other = this.#head[arc]!
        const open = tree === SOURCE ? this.#capacity[arc ^ 1]! : this.#capacity[arc]!
        if (open <= EPSILON || this.#tree[other] !== tree) continue
        const distance = this.#distanceToRoot(other)
        if (distance < shortest) [found, shortest] = [arc, distance]
      }
      if (found !== NO_EDGE) {
        this.#hang(node, found, this.#head[found]!)
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

  /** Makes `arc` (from the node to its parent) the node's way to the root. */
  #hang(node: number, arc: number, parent: number): void {
    this.#parent[node] = arc
    this.#stamp[node] = this.#stamp[parent]!
    this.#distance[node] = this.#distance[parent]! + 1
  }

  /** Arcs from a node to its root, {@link UNROOTED} below an orphan; the way is remembered until the next augmentation. */
  #distanceToRoot(start: number): number {
    let steps = 0
    for (let node = start; ; ) {
      if (this.#stamp[node] === this.#time) {
        steps += this.#distance[node]!
        break
      }
      const arc = this.#parent[node]!
      if (arc === NO_EDGE) return UNROOTED
      steps += 1
      if (arc === TERMINAL) {
        this.#stamp[node] = this.#time
        this.#distance[node] = 1
        break
      }
      node = this.#head[arc]!
    }
    for (let node = start, left = steps; this.#stamp[node] !== this.#time; node = this.#head[this.#parent[node]!]!) {
      this.#stamp[node] = this.#time
      this.#distance[node] = left--
    }
    return steps
  }
}
