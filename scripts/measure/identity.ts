/** Equal prompts: the edited row, the source row and the plain run of one picture. */
import path from 'node:path'
import type { Tensor } from '../../main/engine/tensor/tensor.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import { figure, table } from './report.ts'
import { readScenes } from './scenes.ts'
import { openEngine, tell, type Measure } from './session.ts'

interface Compared {
  readonly caption: string
  readonly isFast: boolean
  /** latent elements of the edited row that differ from the source row, all steps */
  readonly differing: number
  /** elements of the source row that differ when the row beside it is edited into something else, all steps */
  readonly fromOther: number
  /** largest difference of the source row and the plain run over the largest latent, all steps */
  readonly fromPlain: number
}

/** Edits a drawing into itself with every control compiled in, in float32 and with int8 linear layers. */
export const identity: Measure = {
  summary: 'equal prompts: edited row against source row and plain run, float32 and --fast',
  async run({ folder, limit = 4, steps = 10, model }) {
    const scenes = readScenes().slice(0, limit)
    const found: Compared[] = []
    const engine = openEngine()
    for (const isFast of [false, true]) {
      for (const [i, { caption }] of scenes.entries()) {
        const common = { model, prompt: caption, steps, seed: i, scheduler: 'ddim', guidance: 7.5, device: 'cpu', fast: isFast }
        const [both, other, plain] = ['both', 'other', 'plain'].map((name) => path.join(folder, `${name}.safetensors`)) as [string, string, string]
        const swap = { ...common, task: 'swap', out: path.join(folder, 'edited.png') }
        await engine.run({ ...swap, target: caption, trace: both })
        await engine.run({ ...swap, target: `${caption} at night`, trace: other })
        await engine.run({ ...common, task: 'txt2img', trace: plain, out: path.join(folder, 'plain.png') })
        found.push({ caption, isFast, ...compare(traceOf(both), traceOf(other), traceOf(plain)) })
        tell(i + 1, scenes.length, isFast ? 'identity, int8' : 'identity, float32')
      }
    }
    await engine.dispose()
    const worst = (isFast: boolean, key: 'differing' | 'fromOther' | 'fromPlain'): number => Math.max(...found.filter((one) => one.isFast === isFast).map((one) => one[key]))
    return {
      figures: [
        figure('float32: elements of the edited row that differ from the source row', { exactly: 0 }, worst(false, 'differing'), { digits: 0 }),
        figure('float32: source row against the plain run, relative', { atMost: 1e-5 }, worst(false, 'fromPlain'), { digits: 8 }),
        figure('--fast: elements of the edited row that differ from the source row', { exactly: 0 }, worst(true, 'differing'), { digits: 0 }),
        figure('--fast: elements of the source row that change with the row beside it', { exactly: 0 }, worst(true, 'fromOther'), { digits: 0 }),
        { name: '--fast: source row against the plain --fast run, relative', target: 'none', measured: worst(true, 'fromPlain').toExponential(1), met: null },
      ],
      details: [
        'The plain run is another graph (its attention is fused), which differs by parts in a million; in int8 such a difference now and then falls on the other side of a rounding, so that only rows of one graph are equal there.',
        table(['scene', 'nets', 'differing', 'changed by the other row', 'from the plain run'], found.map((one) => [one.caption, one.isFast ? 'int8' : 'float32', one.differing, one.fromOther, one.fromPlain.toExponential(1)])),
      ],
    }
  },
}

function traceOf(file: string): Tensor {
  return readTensor(readSafetensorsHeader(file).tensors.get('latents')!)
}

/** @param both, other [steps, 2, ...] @param plain [steps, 1, ...] or [steps, ...] */
function compare(both: Tensor, other: Tensor, plain: Tensor): Pick<Compared, 'differing' | 'fromOther' | 'fromPlain'> {
  const steps = both.dims[0]!
  const size = both.data.length / steps / 2
  let [differing, fromOther, gap, largest] = [0, 0, 0, 0]
  for (let step = 0; step < steps; step++) {
    for (let i = 0; i < size; i++) {
      const at = 2 * step * size + i
      const [source, own] = [both.data[at]!, plain.data[step * size + i]!]
      if (!Object.is(source, both.data[at + size])) differing += 1
      if (!Object.is(source, other.data[at])) fromOther += 1
      gap = Math.max(gap, Math.abs(source - own))
      largest = Math.max(largest, Math.abs(own))
    }
  }
  return { differing, fromOther, fromPlain: gap / largest }
}
