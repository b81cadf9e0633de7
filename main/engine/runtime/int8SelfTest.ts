/**
 * Whether this processor multiplies int8 exactly. Without VNNI (or Arm's dot products) onnxruntime's kernel adds pairs of
 * products in 16 bits, which overflows for large values: such a machine would gain speed and lose the picture.
 */
import { GraphBuilder } from '../graph/builder.ts'
import { openSession } from './session.ts'
import type { DeviceName } from './session.ts'

const DEPTH = 64
let verdict: Promise<boolean> | undefined

/** Runs one product of the largest values through the int8 op; measured once per process. */
export function int8IsExact(): Promise<boolean> {
  verdict ??= measure()
  return verdict
}

/** Why int8 nets are not used on a device, as a sentence; null when they are. */
export async function refuseInt8(device: DeviceName): Promise<string | null> {
  if (device !== 'cpu') return `--fast is for the CPU; on ${device} the nets run as they are.`
  if (await int8IsExact()) return null
  return 'This processor cannot multiply int8 exactly (it lacks VNNI), so --fast is left out and the nets run in float32.'
}

async function measure(): Promise<boolean> {
  const b = new GraphBuilder('int8-self-test', null)
  const x = b.input('x', 'f32', [1, 1, DEPTH])
  const weight = b.constant(new Int8Array(DEPTH).fill(127), [DEPTH, 1])
  b.output('y', b.linearInt8(x, weight, b.constant(Float32Array.of(1), [1])))
  const session = await openSession(b.build(), { device: 'cpu', threads: 1 })
  try {
    const { y } = await session.run({ x: { data: new Float32Array(DEPTH).fill(255), dims: [1, 1, DEPTH] } })
    return Math.abs(y!.data[0]! - 255 * 127 * DEPTH) < 1
  } finally {
    await session.dispose()
  }
}
