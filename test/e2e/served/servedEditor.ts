/** `palimpsest serve` as its own process, with the window and the bridge built for it. */
import { type ChildProcess, spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { checkoutEnvironment } from '../../../main/paths.ts'
import { buildBridge, buildRenderer } from '../../../scripts/build/window.ts'

const root = path.resolve(import.meta.dirname, '../../..')

/** A served host; `url` carries the token that lets one browser in. */
export interface ServedEditor {
  readonly url: string
  readonly home: string
  /** ids of the engine processes that it has started */
  engines(): number[]
  /** ends the host as a crash would, without a word */
  kill(): Promise<void>
  close(): Promise<void>
}

/** Builds the window when its sources are newer than what was built. */
export async function buildWindow(): Promise<void> {
  const built = path.join(root, 'dist/renderer/index.html')
  const newest = (folder: string): number => Math.max(...fs.readdirSync(folder, { recursive: true, withFileTypes: true }).map((entry) => fs.statSync(path.join(entry.parentPath, entry.name)).mtimeMs))
  if (fs.existsSync(built) && fs.existsSync(path.join(root, 'dist/bridge/bridge.js')) && fs.statSync(built).mtimeMs > Math.max(...['renderer', 'preload', 'scripts/build'].map((folder) => newest(path.join(root, folder))))) return
  await buildBridge()
  buildRenderer()
}

/** Starts the host over a folder of its own; `port` and `home` start it again where it was. */
export async function serveEditor(again: { readonly home?: string; readonly port?: number } = {}): Promise<ServedEditor> {
  const home = again.home ?? fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-e2e-'))
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'main/cli/index.ts', 'serve', '--root', path.join(home, 'projects'), '--port', String(again.port ?? 0), '--no-open'], {
    cwd: root, env: { ...checkoutEnvironment(root), ...process.env, PALIMPSEST_HOME: home, PALIMPSEST_CACHE: path.join(root, '.cache/e2e-cache') }, stdio: ['ignore', 'pipe', 'pipe'],
  })
  const url = await addressOf(child)
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    url, home,
    engines: () => childrenOf(child.pid!),
    kill: async () => {
      const engines = childrenOf(child.pid!)
      child.kill('SIGKILL')
      for (const pid of engines) endProcess(pid)
      await ended
    },
    close: async () => {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM')
      await ended
      fs.rmSync(home, { recursive: true, force: true })
    },
  }
}

/** Ends one process that a test's host has started; one that is gone already is no matter. */
export function endProcess(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error // node's errors of system calls have a code
  }
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = ''
    const take = (piece: Buffer): void => {
      text += piece.toString()
      const url = /http:\/\/\S+/.exec(text)?.[0]
      if (url) resolve(url)
    }
    child.stdout!.on('data', take)
    child.stderr!.on('data', take)
    child.once('exit', (code) => reject(new Error(`serve ended with code ${code} before it listened:\n${text}`)))
  })
}

/** Children of a process by /proc; none where there is no /proc. */
function childrenOf(pid: number): number[] {
  if (!fs.existsSync('/proc')) return []
  return fs.readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((other) => {
    try {
      const stat = fs.readFileSync(`/proc/${other}/stat`, 'utf8')
      return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid
    } catch {
      return false // it ended while we looked
    }
  })
}
