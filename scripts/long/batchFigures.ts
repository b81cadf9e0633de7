/**
 * Measures a batch with the starter: what it takes beyond the engine's own time, and whether one that is killed makes the
 * same bytes. Figures of time are for a quiet machine; Linux only, for the kills.
 *
 *     node scripts/run.mjs scripts/long/batchFigures.ts [--count 200] [--steps 20] [--kills 3] [--seed 1] [--only overhead|bytes]
 *
 * Pure engine time is the same requests, one after another, on an engine process of their own: what a loop without
 * journal, thumbnails, hashing and reports would take. The batch's own sum of engine times is printed beside it.
 */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import sharp from 'sharp'
import { EngineClient } from '../../main/engine-host/client.ts'
import { planBatch } from '../../main/jobs/batch/plan.ts'
import { batchSettingsSchema } from '../../main/jobs/batch/settings.ts'
import { palimpsestPaths, programRoot } from '../../main/paths.ts'
import { journalledDone, resultsOf } from '../../test/integration/batch/processes.ts'
import { randomSource } from '../../test/integration/history/editingChild.ts'

const SIDE = 256
const LIMIT = 0.05
/** The longest a killed run is let go on, as a share of what the whole takes. */
const LONGEST_SHARE = 0.5

interface Summary { readonly seconds: number; readonly engineSeconds: number; readonly counts: Readonly<Record<string, number>> }

/** Half the pictures PNG and half JPEG: both encoders are held to their bytes. */
async function makePictures(folder: string, count: number): Promise<void> {
  fs.mkdirSync(path.join(folder, 'in'), { recursive: true })
  fs.mkdirSync(path.join(folder, 'masks'))
  for (let index = 0; index < count; index += 1) {
    const name = `picture-${String(index).padStart(3, '0')}`
    const [x, y] = [60 + ((index * 37) % 136), 60 + ((index * 53) % 136)]
    const draw = (ground: string, colour: string, file: string): Promise<unknown> =>
      sharp(Buffer.from(`<svg width="${SIDE}" height="${SIDE}"><rect width="100%" height="100%" fill="${ground}"/><circle cx="${x}" cy="${y}" r="40" fill="${colour}"/></svg>`)).removeAlpha().toFile(path.join(folder, file))
    await draw(`hsl(${(index * 29) % 360} 60% 60%)`, 'white', `in/${name}.${index % 2 === 0 ? 'png' : 'jpg'}`)
    await draw('black', 'white', `masks/${name}.png`)
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

async function whole(folder: string, out: string, count: number, more: readonly string[] = []): Promise<Summary> {
  const summary = await batch(folder, out, more).ended
  if (summary?.counts['done'] !== count) throw new Error(`the batch "${out}" did ${String(summary?.counts['done'])} of ${count} pictures`)
  return summary
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
    fs.rmSync(settings.out, { recursive: true })
  }
}

/** Names of results that two folders do not hold alike. */
function differing(a: string, b: string): string[] {
  const [one, other] = [resultsOf(a), resultsOf(b)]
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter((name) => one[name] !== other[name])
}

/** @returns what is wrong, a line each */
async function kill(folder: string, out: string, count: number, run: { readonly seconds: number; readonly kills: number; readonly random: () => number; readonly more: readonly string[] }): Promise<string[]> {
  const done = (): string[] => (fs.existsSync(path.join(folder, out, '.palimpsest-batch')) ? journalledDone(path.join(folder, out)) : [])
  for (let index = 0; index < run.kills && done().length < count; index += 1) {
    const running = batch(folder, out, run.more)
    await new Promise((resolve) => setTimeout(resolve, 1000 * (0.5 + run.random() * run.seconds * LONGEST_SHARE)))
    running.kill()
    await running.ended
    console.log(`  ${out}: killed with ${done().length} of ${count} done`)
  }
  await batch(folder, out, run.more).ended
  const faults = differing(path.join(folder, out), path.join(folder, 'whole')).map((name) => `${out}/${name} is not as in an uninterrupted batch`)
  const all = done()
  if (all.length !== count || new Set(all).size !== count) faults.push(`${out}: ${all.length} results put into place, ${new Set(all).size} of them different, of ${count}`)
  return faults
}

async function overhead(folder: string, count: number, steps: number): Promise<boolean> {
  const before = await bareLoop(folder)
  const summary = await whole(folder, 'whole', count)
  const after = await bareLoop(folder)
  const share = summary.seconds / ((before + after) / 2) - 1
  console.log(`${count} pictures of ${SIDE} px, ${steps} steps: bare loop ${before.toFixed(1)} s before and ${after.toFixed(1)} s after, batch ${summary.seconds.toFixed(1)} s (engine's share ${summary.engineSeconds.toFixed(1)} s, model loading included)`)
  console.log(`overhead over pure engine time: ${(100 * share).toFixed(1)} %; at most ${100 * LIMIT} % asked`)
  return share <= LIMIT
}

/** Kills in folders of three each, every other one with neighbours at work on the same engine. */
async function bytes(folder: string, count: number, kills: number, seed: number): Promise<boolean> {
  const start = performance.now()
  if (!fs.existsSync(path.join(folder, 'whole'))) await whole(folder, 'whole', count)
  const seconds = (performance.now() - start) / 1000
  await whole(folder, 'three', count, ['--jobs', '3'])
  const faults = differing(path.join(folder, 'three'), path.join(folder, 'whole')).map((name) => `three/${name} differs with --jobs 3`)
  const random = randomSource(seed)
  for (let at = 0; at < kills; at += 3) {
    const more = at % 2 === 0 ? [] : ['--jobs', '2']
    faults.push(...(await kill(folder, `killed-${at}`, count, { seconds, kills: Math.min(3, kills - at), random, more })))
    if (faults.length === 0) fs.rmSync(path.join(folder, `killed-${at}`), { recursive: true })
  }
  for (const fault of faults) console.log(`  ${fault}`)
  console.log(`${count} pictures, killed ${kills} times, three times a folder (seed ${seed}): ${faults.length === 0 ? 'the same files byte for byte, none made twice, the same with --jobs 3' : `${faults.length} faults`}`)
  return faults.length === 0
}

const { values } = parseArgs({ options: { count: { type: 'string', default: '200' }, steps: { type: 'string', default: '20' }, kills: { type: 'string', default: '3' }, seed: { type: 'string', default: '1' }, only: { type: 'string', default: '' } } })
const [count, steps] = [Number(values.count), Number(values.steps)]
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-batch-figures-'))
let right = true
try {
  await makePictures(folder, count)
  fs.writeFileSync(path.join(folder, 'recipe.json'), JSON.stringify({ format: 'palimpsest-recipe', version: 1, steps: [{ task: 'inpaint', model: 'starter-inpaint', prompt: 'a red house', steps, aim: { mask: '{name}.png' } }] }))
  if (values.only !== 'bytes') right = (await overhead(folder, count, steps)) && right
  if (values.only !== 'overhead') right = (await bytes(folder, count, Number(values.kills), Number(values.seed))) && right
} finally {
  if (right) fs.rmSync(folder, { recursive: true, force: true })
  else console.log(`the pictures are kept in ${folder}`)
}
process.exitCode = right ? 0 : 1
