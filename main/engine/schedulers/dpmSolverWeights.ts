/**
 * The weights of one step of the multistep DPM solvers: x' = w x + sum_i w_i m_i + w_z z.
 * Symbols and sources are those of dpmSolverMultistep.ts; here only numbers, no tensors.
 */

const f32 = Math.fround

/** One step to weigh. */
export interface Update {
  readonly algorithm: 'dpmsolver' | 'dpmsolver++' | 'sde-dpmsolver' | 'sde-dpmsolver++'
  readonly solver: 'midpoint' | 'heun'
  readonly order: 1 | 2 | 3
  /** sigma at the step's end, at its start, and at the starts of the steps before: order + 1 numbers */
  readonly sigmas: readonly number[]
}

/** What multiplies the sample, the stored outputs (latest first) and the noise. */
export interface StepWeights {
  readonly sample: number
  readonly outputs: readonly number[]
  readonly noise: number
}

/** Factors of D_0, D_1 and D_2. */
interface DifferenceWeights {
  readonly d0: number
  readonly d1: number
  readonly d2: number
}

/**
 * Weighs one step. A final sigma of 0 has lambda' = infinity; order 1 then gives x' = m_0, which the ++ forms
 * reach without a special case because e^-infinity = 0.
 */
export function stepWeights(update: Update): StepWeights {
  const [end, start, ...past] = update.sigmas.map(node)
  const h = f32(end.lambda - start.lambda)
  const base = baseWeights(update.algorithm, end, start, h)
  const { d0, d1, d2 } = differenceWeights(update, end, h)
  const { sample, noise } = base
  if (update.order === 1) return { sample, outputs: [d0], noise }

  const r0 = (start.lambda - past[0].lambda) / h
  if (update.order === 2) {
    // D_1 = (m_0 - m_1)/r_0
    return { sample, outputs: [d0 + d1 / r0, -d1 / r0], noise }
  }
  // D_1 = E_0 + r_0/(r_0 + r_1) (E_0 - E_1), D_2 = (E_0 - E_1)/(r_0 + r_1); E_0 = (m_0 - m_1)/r_0, E_1 = (m_1 - m_2)/r_1
  const r1 = (past[0].lambda - past[1].lambda) / h
  const first = d1 * (1 + r0 / (r0 + r1)) + d2 / (r0 + r1)
  const second = -(d1 * r0 + d2) / (r0 + r1)
  return { sample, outputs: [d0 + first / r0, -first / r0 + second / r1, -second / r1], noise }
}

/** A point on the path, rounded as torch rounds it: h is a difference of near numbers. */
function node(sigma: number): { signal: number; noise: number; lambda: number } {
  const signal = f32(1 / f32(Math.sqrt(f32(f32(sigma * sigma) + 1))))
  const noise = f32(sigma * signal)
  return { signal, noise, lambda: f32(f32(Math.log(signal)) - f32(Math.log(noise))) }
}

type Node = ReturnType<typeof node>

function baseWeights(algorithm: Update['algorithm'], end: Node, start: Node, h: number): { sample: number; noise: number } {
  switch (algorithm) {
    case 'dpmsolver++':
      return { sample: end.noise / start.noise, noise: 0 }
    case 'dpmsolver':
      return { sample: end.signal / start.signal, noise: 0 }
    case 'sde-dpmsolver++':
      return { sample: (end.noise / start.noise) * Math.exp(-h), noise: end.noise * Math.sqrt(1 - Math.exp(-2 * h)) }
    case 'sde-dpmsolver':
      return { sample: end.signal / start.signal, noise: end.noise * Math.sqrt(Math.exp(2 * h) - 1) }
  }
}

/** d2 is the third order's; the second order's d1 depends on the solver type, the third's is Heun's. */
function differenceWeights({ algorithm, solver, order }: Update, end: Node, h: number): DifferenceWeights {
  const midpoint = solver === 'midpoint' && order < 3
  switch (algorithm) {
    case 'dpmsolver++': {
      const e = Math.exp(-h) - 1
      const a = end.signal
      return { d0: -a * e, d1: midpoint ? -0.5 * a * e : a * (e / h + 1), d2: -a * ((e + h) / h ** 2 - 0.5) }
    }
    case 'dpmsolver': {
      const e = Math.exp(h) - 1
      const s = end.noise
      return { d0: -s * e, d1: midpoint ? -0.5 * s * e : -s * (e / h - 1), d2: -s * ((e - h) / h ** 2 - 0.5) }
    }
    case 'sde-dpmsolver++': {
      const e = 1 - Math.exp(-2 * h)
      const a = end.signal
      return { d0: a * e, d1: midpoint ? 0.5 * a * e : a * (e / (-2 * h) + 1), d2: a * ((e - 2 * h) / (2 * h) ** 2 - 0.5) }
    }
    case 'sde-dpmsolver': {
      const e = Math.exp(h) - 1
      const s = end.noise
      return { d0: -2 * s * e, d1: midpoint ? -s * e : -2 * s * (e / h - 1), d2: 0 }
    }
  }
}
