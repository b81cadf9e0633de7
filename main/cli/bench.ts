/** `palimpsest bench`: the benchmark program of the repository, run as a process of its own. */
import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { failed } from '../engine/errors.ts'
import { programRoot } from '../paths.ts'

/**
 * Runs the benchmark with these arguments on the caller's streams; resolves with its exit code.
 * @throws EngineError bench/missing when this installation comes without it.
 */
export function runBench(args: readonly string[], folder: string): Promise<number> {
  const script = path.join(programRoot, 'scripts', 'bench', 'index.ts')
  if (!existsSync(script)) throw failed('bench/missing', `bench: expected the benchmark at ${script}, found none; run it from a checkout of the repository.`)
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, ...args], { cwd: folder, stdio: 'inherit' })
  const pass = (signal: NodeJS.Signals): void => void child.kill(signal)
  process.on('SIGINT', pass).on('SIGTERM', pass)
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code, signal) => resolve(signal === 'SIGINT' ? 130 : (code ?? 1)))
  })
}
