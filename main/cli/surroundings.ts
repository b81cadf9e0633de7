/** What the command line finds around itself: the caller's folder, the environment, the streams. */
import path from 'node:path'
import { palimpsestPaths, programRoot } from '../paths.ts'
import type { PalimpsestPaths } from '../paths.ts'
import type { Streams } from './printer.ts'

/** Passed to every part of the command line, so that tests can set each of them. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  /** the folder that the person was in when they called the command */
  readonly callerFolder: string
  readonly paths: PalimpsestPaths
  readonly streams: Streams
  /** PALIMPSEST_DEBUG=1: stacks, details and the engine's own log on standard error */
  readonly debug: boolean
  /** the terminal can show block characters */
  readonly unicode: boolean
}

/** This process's own surroundings. */
export function processSurroundings(): Surroundings {
  const { env } = process
  return {
    env,
    callerFolder: callerFolder(env, process.cwd()),
    paths: palimpsestPaths({ env }),
    streams: { stdout: process.stdout, stderr: process.stderr },
    debug: Boolean(env['PALIMPSEST_DEBUG']) && env['PALIMPSEST_DEBUG'] !== '0',
    unicode: process.platform === 'win32' ? Boolean(env['WT_SESSION']) : /utf-?8/i.test(env['LC_ALL'] || env['LC_CTYPE'] || env['LANG'] || ''),
  }
}

/**
 * npm runs scripts in the package's folder and keeps the caller's in INIT_CWD. Any other caller has not moved us, and
 * may have an INIT_CWD of its own that means something else.
 */
export function callerFolder(env: Readonly<Record<string, string | undefined>>, cwd: string): string {
  const initial = env['INIT_CWD']
  const movedByNpm = initial !== undefined && env['npm_lifecycle_event'] !== undefined && path.resolve(cwd) === programRoot
  return movedByNpm ? initial : cwd
}
