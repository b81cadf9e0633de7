/**
 * Pins what the engine relies on in onnxruntime: a graph given as bytes reads its weights from safetensors files below
 * one folder, at any offset, and from nowhere else. The option is undocumented for Node.
 */
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { GraphBuilder } from '../../main/engine/graph/builder.ts'
import type { Graph } from '../../main/engine/graph/graph.ts'
import { openSession } from '../../main/engine/runtime/session.ts'
import type { TensorEntry, WeightIndex } from '../../main/engine/weights/weightIndex.ts'

let folder: string
const numbers = Float32Array.from({ length: 12 }, (_, index) => index / 4 - 1)

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'weights-'))
  mkdirSync(path.join(folder, 'models', 'unet'), { recursive: true })
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A file whose payload starts at `offset`, the bytes before it being noise. */
function writePayload(file: string, offset: number): string {
  const bytes = Buffer.alloc(offset + numbers.byteLength + 5, 0xab)
  bytes.set(new Uint8Array(numbers.buffer), offset)
  writeFileSync(file, bytes)
  return file
}

function indexOf(root: string, file: string, offset: number): WeightIndex {
  const entry: TensorEntry = { name: 'proj.weight', dtype: 'F32', shape: [3, 4], file, offset, length: numbers.byteLength }
  return { entries: new Map([[entry.name, entry]]), root, contentHash: 'content', fingerprint: 'fingerprint' }
}

function graphOf(weights: WeightIndex): Graph {
  const builder = new GraphBuilder('projection', weights)
  const x = builder.input('x', 'f32', [1, 4])
  builder.output('y', builder.linear(x, builder.weight('proj.weight')))
  return builder.build()
}

async function project(graph: Graph): Promise<number[]> {
  const session = await openSession(graph, { device: 'cpu', threads: 1 })
  try {
    const { y } = await session.run({ x: { data: Float32Array.of(1, 2, 3, 4), dims: [1, 4] } })
    return [...y!.data]
  } finally {
    await session.dispose()
  }
}

const expected = [0, 1, 2].map((row) => [0, 1, 2, 3].reduce((sum, column) => sum + numbers[row * 4 + column]! * (column + 1), 0))

describe('weights as external data', () => {
  it.each([0, 8, 13, 4096, 4097])('are read at offset %i of a file beside the root', async (offset) => {
    const file = writePayload(path.join(folder, `at${offset}.safetensors`), offset)
    expect(await project(graphOf(indexOf(folder, file, offset)))).toEqual(expected)
  })

  it('are read from a sub-folder of the root', async () => {
    const file = writePayload(path.join(folder, 'models', 'unet', 'net.safetensors'), 40)
    expect(await project(graphOf(indexOf(folder, file, 40)))).toEqual(expected)
  })

  it('are read from a folder with spaces and letters beyond ASCII', async () => {
    const odd = path.join(folder, 'Modelle für Öl & Wasser')
    mkdirSync(odd, { recursive: true })
    const file = writePayload(path.join(odd, 'grün 1.safetensors'), 16)
    expect(await project(graphOf(indexOf(odd, file, 16)))).toEqual(expected)
  })

  it('refuse a file outside the root before onnxruntime sees it', async () => {
    const file = writePayload(path.join(folder, 'outside.safetensors'), 0)
    await expect(project(graphOf(indexOf(path.join(folder, 'models'), file, 0)))).rejects.toMatchObject({ code: 'graph/weight-outside-root' })
  })

  it('refuse a link that leads out of the root', async () => {
    const file = writePayload(path.join(folder, 'target.safetensors'), 0)
    const link = path.join(folder, 'models', 'link.safetensors')
    symlinkSync(file, link)
    await expect(project(graphOf(indexOf(path.join(folder, 'models'), link, 0)))).rejects.toMatchObject({ code: 'runtime/load' })
  })

  it('refuse an offset beyond the end of the file', async () => {
    const file = writePayload(path.join(folder, 'short.safetensors'), 0)
    await expect(project(graphOf(indexOf(folder, file, 64)))).rejects.toMatchObject({ code: 'runtime/load' })
  })
})
