/** Entry of the host as a process of its own: what Electron's main process spawns and speaks with over IPC. */
import fs from 'node:fs'
import path from 'node:path'
import { palimpsestPaths, programRoot } from '../paths.ts'
import { createHost } from './host.ts'
import { guardProcess } from './net/guard.ts'
import { serveShell } from './shellChannel.ts'
import type { FromShellHost, ToShellHost } from './shellMessages.ts'

const { version } = JSON.parse(fs.readFileSync(path.join(programRoot, 'package.json'), 'utf8')) as { version: string }
const paths = palimpsestPaths()
const host = createHost({ paths, root: process.env['PALIMPSEST_ROOT'] || path.join(paths.data, 'projects'), shell: 'electron', version })
guardProcess(host.network)

const end = (): void => process.exit(0)
if (!process.send) {
  process.stderr.write('The host process is started by Palimpsest itself, never by hand; use the palimpsest command.\n')
  process.exit(2)
}
// Ctrl-C in a terminal reaches every process of the group: the shell decides what it means.
process.on('SIGINT', () => undefined)
process.on('SIGTERM', () => void host.close().finally(end))
// a shell that is gone cannot be saved for any more than what is on the disk already
process.on('disconnect', () => void host.close().finally(end))
serveShell(host, {
  send: (message: FromShellHost) => void (process.connected && process.send?.(message)),
  onMessage: (listener) => void process.on('message', (message) => listener(message as ToShellHost)), // our own shell's messages; the host checks every input
  end,
}, version)
