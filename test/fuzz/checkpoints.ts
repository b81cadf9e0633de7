/**
 * Damaged checkpoints, many of them: `fuzzCheckpoints({ seed, count })` makes each from a tiny one, opens, verifies
 * and converts it in a child process, and reports every crash, every hang, every answer that is not one sentence
 * with exit code 2, and every file written. Used by checkpoints.test.ts (few) and by the long tests (many).
 */
import { fork } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { type CaseResult, makeTemplates } from './checkpointCases.ts'

/** No answer for this long is a hang, if the same case hangs again by itself: a busy machine stalls once, a loop always. */
const HANG_MS = 5000

/** What to run. */
export interface FuzzOptions {
  readonly seed: number
  readonly count: number
  /** First case; a failure's number repeats it with `count: 1`. */
  readonly from?: number
  readonly onCase?: (result: CaseResult) => void
  /** Replace the script that runs the cases and the limit in ms: for the test of this watchdog itself. */
  readonly child?: string
  readonly hangMs?: number
}

/** How it went. */
export interface FuzzReport {
  readonly accepted: number
  readonly refused: number
  /** Cases that must not be: crashes, hangs, stray errors, files written. */
  readonly failures: readonly CaseResult[]
  /** Slowest case in ms. */
  readonly slowestMs: number
}

/** Runs the cases; see the head of this file. */
export async function fuzzCheckpoints(options: FuzzOptions): Promise<FuzzReport> {
  const scratch = fs.mkdtempSync(path.join(scratchRoot(), 'fuzz-checkpoints-'))
  const templates = path.join(scratch, 'templates')
  const report = { accepted: 0, refused: 0, failures: [] as CaseResult[], slowestMs: 0 }
  const end = (options.from ?? 0) + options.count
  try {
    makeTemplates(templates)
    const note: OnCase = (result, ms) => {
      report.slowestMs = Math.max(report.slowestMs, ms)
      if (result.outcome === 'failed') report.failures.push(result)
      else report[result.outcome]++
      options.onCase?.(result)
    }
    for (let next = options.from ?? 0; next < end;) {
      const hung = await runChild(options, next, end, { templates, scratch }, note)
      if (hung === undefined) break
      const again = hung.fault === HANG ? await runChild(options, hung.number, hung.number + 1, { templates, scratch }, note) : hung
      if (again) note({ number: again.number, outcome: 'failed', detail: again.fault }, 0)
      next = hung.number + 1
    }
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
  return report
}

/** Memory where there is a folder for it: the cases write and delete a few MB each. */
function scratchRoot(): string {
  return fs.existsSync('/dev/shm') ? '/dev/shm' : os.tmpdir()
}

type OnCase = (result: CaseResult, ms: number) => void

const HANG = 'no answer within the limit, twice'

/** Runs cases [from, end) in one child; returns the case at which it died or hung, or undefined when it came to the end. */
function runChild(options: FuzzOptions, from: number, end: number, at: { templates: string; scratch: string }, onCase: OnCase): Promise<{ number: number; fault: string } | undefined> {
  return new Promise((resolve) => {
    const script = options.child ?? path.join(import.meta.dirname, 'checkpointsChild.ts')
    const child = fork(script, [String(options.seed), String(from), String(end), at.templates, at.scratch], { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    const hangMs = options.hangMs ?? HANG_MS
    let next = from
    let since = performance.now() + 3000 // the first case also pays for the start
    let hung = false
    let stderr = ''
    child.stderr?.on('data', (text: Buffer) => { stderr = (stderr + text.toString()).slice(-2000) })
    const watchdog = setInterval(() => {
      if (performance.now() - since < hangMs) return
      hung = true
      child.kill('SIGKILL')
    }, 200)
    child.on('message', (result: CaseResult) => {
      onCase(result, Math.max(0, performance.now() - since))
      since = performance.now()
      next = result.number + 1
    })
    child.on('exit', (code, signal) => {
      clearInterval(watchdog)
      const fault = hung ? HANG : `the process died (${signal ?? `code ${code}`}): ${stderr}`
      resolve(next < end ? { number: next, fault } : undefined)
    })
  })
}
