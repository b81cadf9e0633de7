/**
 * Measures a batch with the starter: what it takes beyond the engine's own time, and whether one that was killed three
 * times makes the same bytes. To be run on a quiet machine; Linux only, for the kills.
 *
 *     node scripts/run.mjs scripts/long/batchFigures.ts [pictures, default 200] [steps, default 20]
 *
 * Pure engine time is the same requests, one after another, on an engine process of their own: what a loop without
 * journal, thumbnails, hashing and reports would take. The batch's own sum of engine times is printed beside it.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import sharp from 'sharp'
import { EngineClient } from '../../main/engine-host/client.ts'
import { planBatch } from '../../main/jobs/batch/plan.ts'
import { batchSettingsSchema } from '../../main/jobs/batch/settings.ts'
import { palimpsestPaths, programRoot } from '../../main/paths.ts'
import { journalledDone, resultsOf } from '../../test/integration/batch/processes.ts'

const SIDE = 256
const LIMIT = 0.05

interface Summary { readonly seconds: number; readonly engineSeconds: number; readonly counts: Readonly<Record<string, number>> }

async function makePictures(folder: string, count: number): Promise<void> {
  fs.mkdirSync(path.join(folder, 'in'), { recursive: true })
  fs.mkdirSync(path.join(folder, 'masks'))
  for (let index = 0; index < count; index += 1) {
    const name = `picture-${String(index).padStart(3, '0')}.png`
    const [x, y] = [60 + ((index * 37) % 136), 60 + ((index * 53) % 136)]
    const draw = (ground: string, colour: string): Promise<unknown> =>
      sharp(Buffer.from(`<svg width="${SIDE}" height="${SIDE}"><rect width="100%" height="100%" fill="${ground}"/><circle cx="${x}" cy="${y}" r="40" fill="${colour}"/></svg>`)).removeAlpha().png().toFile(path.join(folder, ground === 'black' ? 'masks' : 'in', name))
    await draw(`hsl(${(index * 29) % 360} 60% 60%)`, 'white')
    await draw('black', 'white')
  }
}

function batch(folder: string, out: string, more: readonly string[] = []): { ended: Promise<Summary | undefined>; kill: () => void } {
  const args = ['batch', 'recipe.json', '--in', 'in', '--masks', 'masks', '--out', out, '--device', 'cpu', '--json', ...more]
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(programRoot, 'main', 'cli', 'index.ts'), ...args], { cwd: folder, stdio: ['ignore', 'pipe', 'inherit'] })
  let text = ''
  child.stdout.setEncoding('utf8').on('data', (data: string) => (text += data))
  const ended = new Promise<Summary | undefined>((resolve) => child.on('close', () => {
    const last = text.trimEnd().split('\n').at(-1) ?? ''
    resolve(last.startsWith('{"event":"result"') ? (JSON.parse(last) as Summary) : undefined)
  }))
  return { ended, kill: () => void child.kill('SIGKILL') }
}

/** The batch's own requests in a bare loop. @returns seconds from the first request to the last answer, loading left out */
async function bareLoop(folder: string): Promise<number> {
  const settings = batchSettingsSchema.parse({ recipe: path.join(folder, 'recipe.json'), in: path.join(folder, 'in'), masks: path.join(folder, 'masks'), out: path.join(folder, 'bare'), device: 'cpu' })
  const { items } = planBatch(settings)
  fs.mkdirSync(settings.out)
  const { data, cache, bundledModels } = palimpsestPaths()
  const engine = new EngineClient({ restart: 'lazy', idleUnloadMs: 0, engineOptions: { dataDir: data, cacheDir: cache, bundledModels } })
  const ask = (index: number): Promise<unknown> => {
    const [step] = items[index]!.steps
    if (step?.aim.by !== 'mask') throw new Error('the recipe aims by mask')
    return engine.run({ ...step.params, task: step.task, image: path.join(settings.in, items[index]!.key), mask: step.aim.file, out: path.join(settings.out, items[index]!.out) })
  }
  try {
    await ask(0) // loads the model
    const start = performance.now()
    for (let index = 0; index < items.length; index += 1) await ask(index)
    return (performance.now() - start) / 1000
  } finally {
    await engine.close()
  }
}

/** Names of results that two folders do not hold alike. */
function differing(a: string, b: string): string[] {
  const [one, other] = [resultsOf(a), resultsOf(b)]
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => one[name] !== other[name])
}

async function killedThreeTimes(folder: string, secondsPerRun: number, count: number): Promise<boolean> {
  for (const share of [0.2, 0.35, 0.3]) {
    const running = batch(folder, 'killed')
    await new Promise((resolve) => setTimeout(resolve, 1000 * secondsPerRun * share))
    running.kill()
    await running.ended
    console.log(`  killed with ${journalledDone(path.join(folder, 'killed')).length} of ${count} done`)
  }
  await batch(folder, 'killed').ended
  const others = differing(path.join(folder, 'killed'), path.join(folder, 'whole'))
  if (others.length > 0) console.log(`  not as in an uninterrupted batch: ${others.join(', ')}`)
  const done = journalledDone(path.join(folder, 'killed'))
  return others.length === 0 && new Set(done).size === count && done.length === count
}

const count = Number(process.argv[2] ?? 200)
const steps = Number(process.argv[3] ?? 20)
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-batch-figures-'))
try {
  await makePictures(folder, count)
  fs.writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ format: 'palimpsest-recipe', version: 1, steps: [{ task: 'inpaint', model: 'starter-inpaint', prompt: 'a red house', steps, aim: { mask: '{name}.png' } }] }))
  const before = await bareLoop(folder)
  const whole = await batch(folder, 'whole').ended
  if (!whole || whole.counts['done'] !== count) throw new Error(`the batch did ${String(whole?.counts['done'])} of ${count} pictures`)
  fs.rmSync(path.join(folder, 'bare'), { recursive: true })
  const after = await bareLoop(folder)
  const bare = (before + after) / 2
  const overhead = whole.seconds / bare - 1
  console.log(`${count} pictures of ${SIDE} px, ${steps} steps: bare loop ${before.toFixed(1)} s before and ${after.toFixed(1)} s after, batch ${whole.seconds.toFixed(1)} s (engine's share ${whole.engineSeconds.toFixed(1)} s, model loading included)`)
  console.log(`overhead over pure engine time: ${(100 * overhead).toFixed(1)} %; at most ${100 * LIMIT} % asked`)
  const two = await batch(folder, 'two', ['--jobs', '2']).ended
  console.log(`with --jobs 2: ${two?.seconds.toFixed(1)} s; results that differ: ${differing(path.join(folder, 'two'), path.join(folder, 'whole')).join(', ') || 'none'}`)
  const same = await killedThreeTimes(folder, whole.seconds, count)
  console.log(`killed and resumed three times: ${same ? 'the same files byte for byte, none made twice' : 'NOT the same'}`)
  process.exitCode = overhead <= LIMIT && same ? 0 : 1
} finally {
  fs.rmSync(folder, { recursive: true, force: true })
}
