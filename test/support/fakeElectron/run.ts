/** Starts a bundle of the main process in plain Node, with the `electron` of this folder. */
import { spawn } from 'node:child_process'
import path from 'node:path'

/** What the program told, in order; see electron.mjs. */
export interface Told {
  readonly what: string
  readonly [detail: string]: unknown
}

/** How to start it. */
export interface FakeStart {
  /** the bundled main process */
  readonly main: string
  /** folder for everything that is written */
  readonly home: string
  /** body of an async function: what the page does; it has `palimpsest`, the bridge */
  readonly page: string
  /** folder of an installed program's resources; a checkout when absent */
  readonly resources?: string
  /** a file that macOS asks to open before the program is ready */
  readonly openFile?: string
  readonly args?: readonly string[]
}

/** Runs it until its page is done, quits it as the window's closing does, and returns what it told. @throws Error when it ends by itself */
export function runFake({ main, home, page, resources, openFile, args = [] }: FakeStart): Promise<Told[]> {
  const register = path.join(import.meta.dirname, 'register.mjs')
  const env = { ...process.env, FAKE_HOME: home, FAKE_PAGE: page, FAKE_RESOURCES: resources ?? '', FAKE_OPEN_FILE: openFile ?? '', PALIMPSEST_HOME: path.join(home, 'palimpsest') }
  const child = spawn(process.execPath, ['--import', register, main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] })
  const told: Told[] = []
  let rest = ''
  let errors = ''
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (errors += text))
  child.stdout!.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n')
    rest = lines.pop()!
    for (const line of lines) {
      const one = JSON.parse(line) as Told // electron.mjs writes nothing else
      told.push(one)
      if (one.what === 'done') child.send('close')
    }
  })
  return new Promise((resolve, reject) => {
    child.once('exit', (code) => (code === 0 && told.at(-1)?.what === 'quit' ? resolve(told) : reject(new Error(`ended with ${code}: ${errors}\n${told.map((one) => JSON.stringify(one)).join('\n')}`))))
  })
}
