#!/usr/bin/env node
// The `palimpsest` command: runs the command line on the packaged Node 24, whatever Node has been called.
// Plain JavaScript without dependencies, so that any Node >= 20.19 can start it.
import { spawn } from 'node:child_process'
import path from 'node:path'
import { compileCache, repositoryRoot, requireNode } from './packaged-node.mjs'

const env = { ...compileCache, ...process.env, PALIMPSEST_BOOTSTRAP_PID: String(process.pid) }
// Set by an npm script around us, if at all; we have not been moved, so the folder we are in is the caller's.
delete env.INIT_CWD

const entry = path.join(repositoryRoot, 'main', 'cli', 'index.ts')
const child = spawn(requireNode(), ['--disable-warning=ExperimentalWarning', entry, ...process.argv.slice(2)], { stdio: 'inherit', env })
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
child.on('error', (error) => {
  process.stderr.write(`palimpsest: expected to start ${child.spawnfile}, found ${error.message}.\n`)
  process.exit(1)
})
child.on('exit', (code, signal) => process.exit(signal === 'SIGINT' ? 130 : (code ?? 1)))
