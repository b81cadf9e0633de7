/** Kills programs in the middle of editing and tears files, then compares what is left with what was promised. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { checkProject } from '../../../main/history/checkProject.ts'
import { PENDING_BYTES } from '../../../main/history/pendingBlobs.ts'
import { createProject, openProject } from '../../../main/history/openProject.ts'
import type { Project } from '../../../main/history/project.ts'
import type { ProjectNotice } from '../../../main/history/projectReader.ts'
import { type KeptPromise, furnish, strokeDigest } from './editingChild.ts'

const CHILD = fileURLToPath(new URL('./editingChild.ts', import.meta.url))

/** A new folder for one test; remove it afterwards. */
export function scratchFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-history-'))
}

/** Makes a project to be edited to death; closed when this returns. */
export function makeProject(folder: string): void {
  const project = createProject(folder, 'Crash test')
  furnish(project)
  project.close()
}

/** When to kill: so many milliseconds after so many promises, or when the program has made all its changes. */
export type KillAt = { readonly promises: number; readonly thenMs: number } | { readonly changes: number }

/**
 * Lets a program edit a project and kills it.
 * @returns what it was promised before it died
 */
export async function editAndKill(folder: string, seed: number, at: KillAt): Promise<KeptPromise[]> {
  const most = 'changes' in at ? at.changes : 0
  const child = spawn(process.execPath, ['--no-warnings', CHILD, folder, String(seed), String(most)], { stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  let fault = ''
  let timer: NodeJS.Timeout | undefined
  child.stderr.on('data', (chunk: Buffer) => { fault += chunk.toString() })
  child.stdout.on('data', (chunk: Buffer) => {
    text += chunk.toString()
    const due = 'changes' in at ? text.includes('"done"') : text.split('\n').length - 1 >= at.promises
    if (due) timer ??= setTimeout(() => child.kill('SIGKILL'), 'changes' in at ? 0 : at.thenMs)
  })
  await new Promise((resolve) => child.once('close', resolve))
  clearTimeout(timer)
  if (child.signalCode !== 'SIGKILL') throw new Error(`The editing program ended by itself: ${fault || text}`)
  // A line cut off by the kill was no promise yet.
  return text.split('\n').slice(0, -1).filter((line) => line !== '"done"').map((line) => JSON.parse(line) as KeptPromise)
}

/** What a comparison found. */
export interface Verdict {
  /** promises that were not kept, a sentence each */
  readonly broken: readonly string[]
  readonly notices: readonly ProjectNotice[]
  readonly mode: 'write' | 'read-only'
  readonly operations: number
}

/** Opens a project and compares it with the promises; `check` also reads every row and file. */
export async function compare(folder: string, promises: readonly KeptPromise[], check: boolean, settled = false): Promise<Verdict> {
  const opened = openProject(folder)
  try {
    const broken = brokenPromises(opened.project as Project, promises, settled) // reading only
    if (check) broken.push(...(await checkProject(opened.project)).faults.map((fault) => fault.sentence))
    return { broken, notices: opened.notices, mode: opened.mode, operations: opened.project.operations(opened.project.documents()[0]!.id).length }
  } finally {
    opened.project.close()
  }
}

function brokenPromises(project: Project, promises: readonly KeptPromise[], settled: boolean): string[] {
  const broken: string[] = []
  const last = promises.at(-1)
  if (!last) return broken
  if (project.sequence() < last.seq) broken.push(`commit ${last.seq} was promised, ${project.sequence()} is the last there`)
  const document = project.documents()[0]!.id
  const known = new Map(project.operations(document).map((operation) => [operation.id, operation.title]))
  for (const { operation } of promises) {
    if (!operation) continue
    if (known.get(operation.id) !== operation.title) broken.push(`operation ${operation.id} "${operation.title}" was promised`)
    for (const hash of operation.blobs) if (project.blobInfo(hash as never) === undefined) broken.push(`blob ${hash} was promised`)
  }
  // Things that change again and again: the last promise holds unless one more change was under way.
  const more = project.sequence() > last.seq
  const head = promises.findLast((promise) => promise.head !== undefined)?.head
  if (!more && head !== undefined && project.head(document) !== head) broken.push(`the document was promised to stand on ${head} and stands on ${project.head(document)}`)
  const setting = promises.findLast((promise) => promise.setting !== undefined)?.setting
  if (!more && setting !== undefined && project.setting('test') !== setting) broken.push(`the setting was promised to be ${setting}`)
  const stroke = promises.findLast((promise) => promise.stroke !== undefined)?.stroke
  const open = project.strokesInProgress()
  if (stroke?.digest === null && open.some((item) => item.id === stroke.id)) broken.push(`stroke ${stroke.id} was finished and is still there`)
  if (stroke && stroke.digest !== null && (settled || (!more && promises.at(-1)?.stroke === stroke))) {
    // Unless the program had come to rest, the next autosave may have been under way, which leaves no trace in the numbering.
    if (!open.some((item) => item.id === stroke.id)) broken.push(`stroke ${stroke.id} was promised and is gone`)
    else if (strokeDigest(project.strokeTiles(stroke.id)) !== stroke.digest && settled) broken.push(`stroke ${stroke.id} is not as it was promised`)
  }
  return broken
}

/** What {@link tearAndCompare} cuts: a blob that its commit carries, one that it does not, the database's log, the record log. */
export type Tear = 'blob' | 'large blob' | 'wal' | 'log'

/** The outcome of one torn file. */
export interface TornVerdict extends Verdict {
  readonly tear: Tear
  /** file that was cut, relative to the project; bytes before and after */
  readonly file: string
  readonly size: number
  readonly keep: number
  /** whether anything a person would miss depended on the bytes that were cut off */
  readonly named: boolean
}

/** Copies a killed project, cuts one file of the copy at a random place, and compares what opens with the promises. */
export async function tearAndCompare(folder: string, copy: string, tear: Tear, promises: readonly KeptPromise[], random: () => number): Promise<TornVerdict> {
  fs.rmSync(copy, { recursive: true, force: true })
  fs.cpSync(folder, copy, { recursive: true, preserveTimestamps: true })
  const file = fileToTear(copy, tear, random)
  const size = fs.statSync(file).size
  const keep = Math.floor(random() * size)
  fs.truncateSync(file, keep)
  const verdict = await compare(copy, promises, true, true)
  const hash = path.basename(file)
  return { ...verdict, tear, file: path.relative(copy, file), size, keep, named: verdict.notices.some((notice) => notice.sentence.includes(hash.slice(0, 12))) }
}

function fileToTear(folder: string, tear: Tear, random: () => number): string {
  if (tear === 'wal') return path.join(folder, 'project.db-wal')
  const parent = path.join(folder, tear === 'log' ? 'records' : 'blobs')
  const files = fs.readdirSync(parent, { recursive: true, encoding: 'utf8' }).map((name) => path.join(parent, name)).filter((name) => fs.statSync(name).isFile() && fs.statSync(name).size > 0)
  const fitting = files.filter((name) => tear === 'log' || (fs.statSync(name).size > PENDING_BYTES) === (tear === 'large blob'))
  const newest = (fitting.length > 0 ? fitting : files).sort((a, b) => fs.statSync(b).mtimeMs - fs.statSync(a).mtimeMs)
  // One of the three newest blobs: which of them a power cut would tear depends on the disk.
  return newest[tear === 'log' ? 0 : Math.floor(random() * Math.min(3, newest.length))]!
}

/** Why a torn project is not as it should be; empty when it opens, names what was lost and keeps the rest. */
export function tornFaults(verdict: TornVerdict): string[] {
  const faults: string[] = []
  if (verdict.mode !== 'write') faults.push('it opened read-only')
  const own = path.basename(verdict.file).slice(0, 12)
  const isBlob = verdict.tear === 'blob' || verdict.tear === 'large blob'
  for (const sentence of verdict.broken) {
    // The stroke in progress is in no record: with the log of the database gone it may go too, but not without a word.
    if (verdict.tear === 'wal' && sentence.startsWith('stroke') && verdict.notices.some(({ code }) => code === 'project/stroke-lost')) continue
    if (isBlob && sentence.includes(own)) continue
    faults.push(sentence)
  }
  // The full check names a torn blob exactly when something depends on it and its commit does not carry its bytes any more;
  // opening must have named it as well.
  if (isBlob && verdict.broken.some((sentence) => sentence.includes(own)) && !verdict.named) faults.push(`the damage to ${own} was not named`)
  return faults
}
