/** Whole runs through the command line on tiny checkpoints: equal to diffusers, repeatable, said as they should be. */
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createEngine } from '../../main/engine/index.ts'
import type { Engine } from '../../main/engine/index.ts'
import { readSafetensorsHeader, readTensor } from '../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'
import { makeRunCheckpoint, runCases, runTensor } from '../support/runFixtures.ts'
import type { RunCase } from '../support/runFixtures.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
let folder = ''
let engine: Engine

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-runs-'))
  mkdirSync(path.join(folder, 'home'))
  engine = createEngine({ bundledModels: path.join(root, 'models'), dataDir: path.join(folder, 'home'), cacheDir: path.join(folder, 'home', 'cache') })
})
afterAll(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true, force: true })
})

interface Ended { code: number | null; out: string; err: string; lines: Record<string, unknown>[] }

function palimpsest(...args: string[]): Ended {
  const ended = spawnSync(process.execPath, [path.join(root, 'main', 'cli', 'index.ts'), ...args], {
    cwd: folder, encoding: 'utf8', env: { ...process.env, PALIMPSEST_HOME: path.join(folder, 'home') },
  })
  const lines = args.includes('--json') ? ended.stdout.trimEnd().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>) : []
  return { code: ended.status, out: ended.stdout, err: ended.stderr, lines }
}

describe.each(['sd1', 'sd2'] as const)('a tiny %s checkpoint', (family) => {
  let model = ''
  beforeAll(() => {
    model = makeRunCheckpoint(folder, family)
  })

  const runs = runCases(family)
  // The product promises 1e-3 relative; measured are 7e-6 at most, so a hundredth of the promise already means a mistake.
  it.each(runs)('$name: every latent within 1e-4 of diffusers, the picture within one level of 255', async (run) => {
    const trace = path.join(folder, `${family}-${run.name}-trace.safetensors`)
    const out = path.join(folder, `${family}-${run.name}.png`)
    const noise = path.join(folder, `${family}-${run.name}-noise.safetensors`)
    if (run.seed === null) await writeSafetensors(noise, { latents: runTensor(family, run.name, 'noise') })
    // A process of its own for the four that are promised, the engine in this process for the others.
    if (family === 'sd1' && run.seed === null) drawByCommand(model, run, { trace, out, noise })
    else await drawInProcess(model, run, { trace, out, noise })
    const expected = runTensor(family, run.name, 'trace')
    const entry = readSafetensorsHeader(trace).tensors.get('latents')
    if (!entry) throw new Error('the trace has no tensor latents')
    const latents = readTensor(entry)
    expect(latents.dims).toEqual(expected.dims)
    expect(worstRow(latents.data, expected.data, expected.dims[0] ?? 1)).toBeLessThan(1e-4)
    // a value on the border between two levels may round either way
    const picture = await sharp(out).removeAlpha().raw().toBuffer({ resolveWithObject: true })
    const wanted = runTensor(family, run.name, 'picture')
    expect([picture.info.height, picture.info.width, picture.info.channels]).toEqual(wanted.dims)
    expect(Math.max(...picture.data.map((value, i) => Math.abs(value - (wanted.data[i] ?? NaN))))).toBeLessThanOrEqual(1)
  })
})

interface RunFiles { readonly trace: string; readonly out: string; readonly noise: string }

function drawByCommand(model: string, run: RunCase, { trace, out, noise }: RunFiles): void {
  const { code, lines, err } = palimpsest(
    'txt2img', '--model', path.relative(folder, model), '--prompt', run.prompt, '--negative', run.negative, '--size', `${run.width}x${run.height}`, '--steps', String(run.steps),
    '--guidance', String(run.guidance), '--device', 'cpu', '--scheduler', run.scheduler ?? '', '--latents', path.basename(noise), '--trace', path.basename(trace), '--out', path.basename(out), '--json',
  )
  expect({ code, err: code === 0 ? '' : err }).toEqual({ code: 0, err: '' })
  expect(lines.at(-1)).toMatchObject({ event: 'result', width: run.width, height: run.height, out, trace })
}

async function drawInProcess(model: string, run: RunCase, { trace, out, noise }: RunFiles): Promise<void> {
  await engine.run({
    task: 'txt2img', model, prompt: run.prompt, negative: run.negative, size: { width: run.width, height: run.height }, steps: run.steps, guidance: run.guidance,
    device: 'cpu', trace, out, ...(run.scheduler ? { scheduler: run.scheduler } : {}), ...(run.seed === null ? { latents: noise } : { seed: run.seed }),
  })
}

/** Largest over the rows of max |a - b| / max |b|. */
function worstRow(a: Float32Array, b: Float32Array, rows: number): number {
  const size = b.length / rows
  let worst = 0
  for (let row = 0; row < rows; row += 1) {
    let error = 0
    let largest = 0
    for (let i = row * size; i < (row + 1) * size; i += 1) {
      error = Math.max(error, Math.abs((a[i] ?? NaN) - (b[i] ?? NaN)))
      largest = Math.max(largest, Math.abs(b[i] ?? NaN))
    }
    worst = Math.max(worst, error / largest)
  }
  return worst
}
