/**
 * The long crash test of the project store: kills a program at random moments while it edits, and cuts the newest
 * files of killed projects at random places. Ends with exit code 1 when a promise was broken.
 *
 *     node scripts/run.mjs scripts/long/historyCrashes.ts [kills, default 1000] [torn files, default 200] [seed]
 */
import fs from 'node:fs'
import path from 'node:path'
import { type Tear, compare, editAndKill, makeProject, scratchFolder, tearAndCompare, tornFaults } from '../../test/integration/history/crashes.ts'
import { randomSource } from '../../test/integration/history/editingChild.ts'

/** Kills per project: long enough to grow a tree, short enough for a full check after each. */
const KILLS_PER_PROJECT = 25
/** Cuts per killed project. */
const CUTS_PER_PROJECT = 12
const EXPECTED = new Set(['project/stroke-in-progress', 'project/changes-brought-back'])

async function kills(count: number, scratch: string, random: () => number): Promise<string[]> {
  const faults: string[] = []
  let promised = 0
  let folder = ''
  for (let round = 0; round < count; round++) {
    if (round % KILLS_PER_PROJECT === 0) {
      if (folder) fs.rmSync(folder, { recursive: true, force: true })
      folder = path.join(scratch, `killed-${round}`)
      makeProject(folder)
    }
    const promises = await editAndKill(folder, Math.floor(random() * 2 ** 31), { promises: 1 + Math.floor(random() * 12), thenMs: random() * 40 })
    promised += promises.length
    const verdict = await compare(folder, promises, true)
    const bad = [...verdict.broken, ...(verdict.mode === 'write' ? [] : ['it opened read-only']), ...verdict.notices.filter((notice) => !EXPECTED.has(notice.code)).map((notice) => notice.sentence)]
    if (bad.length > 0) faults.push(`kill ${round}: ${bad.join(' | ')}`)
    if (round % 50 === 49) console.log(`${round + 1} kills, ${promised} promises, ${faults.length} broken`)
  }
  console.log(`${count} kills during ${promised} promised changes: ${faults.length} with a broken promise`)
  return faults
}

async function tears(count: number, scratch: string, random: () => number): Promise<string[]> {
  const faults: string[] = []
  const kinds: Tear[] = ['blob', 'large blob', 'wal', 'log']
  let promises: Awaited<ReturnType<typeof editAndKill>> = []
  let folder = ''
  let named = 0
  let broughtBack = 0
  for (let round = 0; round < count; round++) {
    if (round % CUTS_PER_PROJECT === 0) {
      if (folder) fs.rmSync(folder, { recursive: true, force: true })
      folder = path.join(scratch, `torn-${round}`)
      makeProject(folder)
      promises = await editAndKill(folder, Math.floor(random() * 2 ** 31), { changes: 20 + Math.floor(random() * 80) })
    }
    const verdict = await tearAndCompare(folder, path.join(scratch, 'copy'), kinds[round % kinds.length]!, promises, random)
    named += verdict.named ? 1 : 0
    broughtBack += verdict.notices.some((notice) => notice.code === 'project/changes-brought-back') ? 1 : 0
    const bad = tornFaults(verdict)
    if (bad.length > 0) faults.push(`tear ${round}, ${verdict.file} cut from ${verdict.size} to ${verdict.keep} bytes: ${bad.join(' | ')}`)
    if (round % 50 === 49) console.log(`${round + 1} torn files, ${faults.length} with more harm than there had to be`)
  }
  console.log(`${count} torn files (a quarter each small blobs, large blobs, write-ahead log, record log): ${faults.length} with more harm than there had to be; ${named} times the damage was named, ${broughtBack} times lost commits were brought back`)
  return faults
}

const scratch = scratchFolder()
try {
  const random = randomSource(Number(process.argv[4] ?? 1))
  const faults = [...(await kills(Number(process.argv[2] ?? 1000), scratch, random)), ...(await tears(Number(process.argv[3] ?? 200), scratch, random))]
  for (const fault of faults) console.log(fault)
  process.exitCode = faults.length > 0 ? 1 : 0
} finally {
  fs.rmSync(scratch, { recursive: true, force: true })
}
