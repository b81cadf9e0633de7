/** Splitting a batch between machines: which part a picture belongs to depends on its name alone. */
import { createHash } from 'node:crypto'
import { badInput } from '../../engine/errors.ts'

/** Part `index` (from 1) of `count`. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/** Everything. */
export const WHOLE: Shard = { index: 1, count: 1 }

/**
 * Reads "2/5".
 * @throws EngineError batch/shard (exit 2)
 */
export function parseShard(text: string | undefined): Shard {
  if (text === undefined) return WHOLE
  const match = /^(\d{1,6})\/(\d{1,6})$/.exec(text.trim())
  const shard = match ? { index: Number(match[1]), count: Number(match[2]) } : undefined
  if (shard && shard.index >= 1 && shard.index <= shard.count) return shard
  throw badInput('batch/shard', { thing: '--shard', expected: 'part and number of parts, as 2/5', found: `"${text}"`, todo: 'parts count from 1' })
}

/**
 * Whether a picture is in the part. Decided by a hash of its name, so that machines that see the folder at different
 * moments never disagree about a picture: each belongs to exactly one part, whatever comes or goes beside it.
 */
export function inShard(key: string, shard: Shard): boolean {
  if (shard.count === 1) return true
  return createHash('sha256').update(key).digest().readUIntBE(0, 6) % shard.count === shard.index - 1
}

/** "2-of-5", for names of files; "all" for everything. */
export function shardName(shard: Shard): string {
  return shard.count === 1 ? 'all' : `${shard.index}-of-${shard.count}`
}
