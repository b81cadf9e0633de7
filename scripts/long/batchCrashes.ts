/**
 * The long crash test of batches: kills a batch, or its engine, at random moments, runs it again, and compares. Ends
 * with exit code 1 when a result was lost, changed, made twice or left half-written. Linux only: it reads /proc.
 *
 *     node scripts/run.mjs scripts/long/batchCrashes.ts [kills, default 1000] [seed]
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { batchArguments, journalledDone, killAndFinish, leftovers, makeFolder, resultsOf, startCli } from '../../test/integration/batch/processes.ts'
import { randomSource } from '../../test/integration/history/editingChild.ts'

/** Pictures of a folder, and kills of it before it is let come to its end. */
const PICTURES = 14
const KILLS_PER_FOLDER = 5
const KINDS = [[], ['--jobs', '2'], ['--existing', 'suffix'], ['--existing', 'overwrite'], ['--no-sheet', '--jobs', '3']] as const

/** A folder that is killed several times and then compared with one that was left alone. */
async function round(home: string, kills: number, more: readonly string[], random: () => number): Promise<string[]> {
  const faults: string[] = []
  makeFolder(home, PICTURES, { masks: random() < 0.5 })
  await startCli(batchArguments('whole'), { home }).ended
  for (let kill = 0; kill < kills; kill += 1) {
    const whom = random() < 0.25 ? 'engine' : 'batch'
    const killed = await killAndFinish(home, 'out', more, { afterMs: random() * 250, ms: 30, whom, finish: kill === kills - 1 })
    for (const key of killed.lost) faults.push(`${key} was done before kill ${kill} and is lost or changed`)
    for (const key of killed.repeated) faults.push(`${key} was done before kill ${kill} and was painted again`)
  }
  const done = journalledDone(path.join(home, 'out'))
  for (const key of new Set(done.filter((other, index) => done.indexOf(other) !== index))) faults.push(`${key} was put into its place twice`)
  const [out, whole] = [resultsOf(path.join(home, 'out')), resultsOf(path.join(home, 'whole'))]
  for (const name of new Set([...Object.keys(out), ...Object.keys(whole)])) if (out[name] !== whole[name]) faults.push(`${name} differs from that of an uninterrupted batch`)
  for (const name of leftovers(path.join(home, 'out'))) faults.push(`${name} was left behind`)
  return faults
}

const count = Number(process.argv[2] ?? 1000)
const random = randomSource(Number(process.argv[3] ?? 1))
const scratch = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-batch-crashes-'))
const all: string[] = []
try {
  for (let kills = 0, folder = 0; kills < count; kills += KILLS_PER_FOLDER, folder += 1) {
    const home = path.join(scratch, `folder-${folder}`)
    const more = KINDS[folder % KINDS.length]!
    for (const fault of await round(home, Math.min(KILLS_PER_FOLDER, count - kills), more, random)) all.push(`folder ${folder} (${more.join(' ') || 'plain'}): ${fault}`)
    fs.rmSync(home, { recursive: true, force: true })
    if (folder % 10 === 9) console.log(`${kills + KILLS_PER_FOLDER} kills, ${all.length} faults`)
  }
  for (const fault of all) console.log(fault)
  console.log(`${count} kills of batches and their engines: ${all.length} results lost, changed, repeated or left half-written`)
  process.exitCode = all.length > 0 ? 1 : 0
} finally {
  fs.rmSync(scratch, { recursive: true, force: true })
}
