/**
 * One run per shard of a folder of results. The folder may be shared between machines, where no lock of the system
 * reaches: the lock is a file that its owner touches every few seconds. On the same machine a dead owner is known at
 * once; on another, a lock that nobody touched for a while counts as left behind.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { badInput } from '../../engine/errors.ts'
import { diskFault, makeFolder, temporaryName } from '../../history/durableFiles.ts'
import { type LockHolder, isRunning, processStartTime } from '../../history/projectLock.ts'
import { batchFolder } from './journal.ts'
import { type Shard, shardName } from './shards.ts'

const TOUCH_EVERY_MS = 10_000
const STALE_AFTER_MS = 60_000
const NAME = /^run-(all|(\d+)-of-(\d+))\.lock$/

/** A lock, held. */
export interface RunLock {
  release(): void
}

/**
 * Takes the lock of a shard.
 * @throws EngineError batch/running (exit 2) when it, or an overlapping part, is at work somewhere
 */
export function acquireRunLock(out: string, shard: Shard): RunLock {
  const folder = batchFolder(out)
  makeFolder(folder)
  const file = path.join(folder, `run-${shardName(shard)}.lock`)
  refuseOverlaps(folder, shard)
  const me: LockHolder = { pid: process.pid, startTime: processStartTime(process.pid) ?? null, host: os.hostname(), program: 'palimpsest batch', since: Date.now() }
  for (let attempt = 0; !created(file, JSON.stringify(me)); attempt += 1) {
    const holder = aliveHolder(file)
    if (holder || attempt >= 5) throw running(path.dirname(folder), shard, holder)
    takeAway(file)
  }
  // Another part may have been taken in the same moment: whoever looks second sees it.
  try {
    refuseOverlaps(folder, shard)
  } catch (error) {
    fs.rmSync(file, { force: true })
    throw error
  }
  const timer = setInterval(() => fs.utimes(file, new Date(), new Date(), () => undefined), TOUCH_EVERY_MS)
  timer.unref()
  return {
    release() {
      clearInterval(timer)
      fs.rmSync(file, { force: true })
    },
  }
}

/** Makes the file with its content in one step; false when it is there already. */
function created(file: string, content: string): boolean {
  const temporary = temporaryName(file)
  try {
    fs.writeFileSync(temporary, content, { flag: 'wx' })
    try {
      fs.linkSync(temporary, file)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EEXIST') return false
      fs.writeFileSync(file, content, { flag: 'wx' }) // a disk without links
    }
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw diskFault(file, error)
  } finally {
    fs.rmSync(temporary, { force: true })
  }
}

/** A left-behind lock is renamed before it is removed: of two that try, one succeeds. */
function takeAway(file: string): void {
  const gone = temporaryName(file)
  try {
    fs.renameSync(file, gone)
    fs.rmSync(gone, { force: true })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw diskFault(file, error)
  }
}

function aliveHolder(file: string): LockHolder | undefined {
  try {
    const holder = JSON.parse(fs.readFileSync(file, 'utf8')) as LockHolder // written by created() above
    if (holder.host === os.hostname()) return isRunning(holder) ? holder : undefined
    return Date.now() - fs.statSync(file).mtimeMs < STALE_AFTER_MS ? holder : undefined
  } catch {
    return undefined // it has gone meanwhile, or is no lock of ours
  }
}

/** Different parts of one splitting never meet; all others do. */
function refuseOverlaps(folder: string, shard: Shard): void {
  for (const name of fs.readdirSync(folder)) {
    const match = NAME.exec(name)
    if (!match) continue
    const other: Shard = match[2] === undefined ? { index: 1, count: 1 } : { index: Number(match[2]), count: Number(match[3]) }
    if (other.count === shard.count) continue
    const holder = aliveHolder(path.join(folder, name))
    if (holder) throw running(path.dirname(folder), other, holder)
  }
}

function running(out: string, shard: Shard, holder: LockHolder | undefined): Error {
  const part = shard.count === 1 ? 'a batch' : `part ${shard.index}/${shard.count} of a batch`
  const where = holder ? ` (process ${holder.pid} on ${holder.host}, since ${new Date(holder.since).toLocaleString()})` : ''
  return badInput('batch/running', {
    thing: out, expected: 'a folder of results that nobody else is filling', found: `${part} at work there${where}`,
    todo: holder && holder.host !== os.hostname() ? 'wait for it, or a minute if that machine has stopped' : 'wait for it or stop it',
  })
}
