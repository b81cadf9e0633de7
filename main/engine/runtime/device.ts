/**
 * Where nets can run on this machine: which devices there are, what their self-test said, which one is chosen. A
 * verdict is kept until the runtime, the drivers or the choice of drivers change.
 */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import * as ort from 'onnxruntime-node'
import { badInput } from '../errors.ts'
import { SELF_TEST_TOLERANCE, type SelfTestVerdict } from './selfTest.ts'
import type { DeviceName } from './session.ts'

/** One row of `devices`. */
export interface DeviceRow {
  readonly name: DeviceName
  /** whether this build of the runtime has it at all */
  readonly builtIn: boolean
  /** the self-test ran and passed */
  readonly usable: boolean
  readonly fusedAttention: boolean
  /** times faster than this machine's CPU; 1 for the CPU itself */
  readonly speedup: number
  /** a software adapter: right but slow, used only by name */
  readonly software: boolean
  /** one sentence */
  readonly verdict: string
  readonly rows: SelfTestVerdict['rows']
}

/** The device of a run. */
export interface ChosenDevice {
  readonly name: DeviceName
  readonly fusedAttention: boolean
  /** why it is not the one that was asked for */
  readonly note?: string
}

/** Options of this file's functions. */
export interface DeviceOptions {
  /** folder for the verdicts; may be deleted at any time */
  readonly cacheDir: string
  /** test again even where a verdict is known */
  readonly refresh?: boolean
}

/** The order in which `auto` looks, per platform; the CPU is always last. DirectML before WebGPU: it is the older, tested path. */
const ORDER: Readonly<Partial<Record<NodeJS.Platform, readonly DeviceName[]>>> = {
  linux: ['cuda', 'webgpu', 'cpu'],
  win32: ['dml', 'webgpu', 'cpu'],
  darwin: ['webgpu', 'coreml', 'cpu'],
}
/** CoreML cuts these graphs into many parts and is often slower than the CPU: by name only. */
const BY_NAME_ONLY: ReadonlySet<DeviceName> = new Set<DeviceName>(['coreml'])
/** A device slower than this many CPUs is taken for a software adapter. */
const SOFTWARE_BELOW = 1
const SELF_TEST_TIMEOUT_MS = 300_000

/** Every device of this platform with its verdict, in the order in which they are tried. */
export async function listDevices(options: DeviceOptions): Promise<DeviceRow[]> {
  const rows: DeviceRow[] = []
  for (const name of ORDER[process.platform] ?? ['cpu']) rows.push(await deviceRow(name, options))
  return rows
}

/**
 * The device for a run. `auto` takes the first usable one that is faster than the CPU; a name is taken as given
 * when it passes its self-test, and otherwise the CPU runs with a note that says why.
 * @throws EngineError input/device (exit 2) for a device that this platform does not know.
 */
export async function chooseDevice(name: string, options: DeviceOptions): Promise<ChosenDevice> {
  if (name === 'cpu') return { name: 'cpu', fusedAttention: true }
  const known = ORDER[process.platform] ?? ['cpu']
  if (name === 'auto') {
    for (const candidate of known) {
      if (candidate === 'cpu') break
      if (BY_NAME_ONLY.has(candidate) || !builtIn(candidate)) continue
      const row = await deviceRow(candidate, options)
      if (row.usable && !row.software) return { name: candidate, fusedAttention: row.fusedAttention }
    }
    return { name: 'cpu', fusedAttention: true }
  }
  const device = known.find((candidate) => candidate === name)
  if (!device) throw badInput('input/device', { thing: `--device ${name}`, expected: `one of ${['auto', ...known].join(', ')} on this platform`, found: name })
  const row = await deviceRow(device, options)
  if (row.usable) return { name: device, fusedAttention: row.fusedAttention }
  return { name: 'cpu', fusedAttention: true, note: `${row.verdict} Running on the CPU instead.` }
}

async function deviceRow(name: DeviceName, options: DeviceOptions): Promise<DeviceRow> {
  if (name === 'cpu') {
    return { name, builtIn: true, usable: true, fusedAttention: true, speedup: 1, software: false, verdict: `${os.cpus()[0]?.model.trim() ?? 'CPU'}, ${os.availableParallelism()} threads.`, rows: [] }
  }
  if (!builtIn(name)) return { name, builtIn: false, ...UNUSABLE, verdict: missingSentence(name) }
  const file = path.join(options.cacheDir, `device-${name}-${await surroundings()}.json`)
  if (!options.refresh) {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as DeviceRow
    } catch {
      // no verdict yet
    }
  }
  const row = rowOf(name, await testInChild(name))
  await keep(file, row)
  return row
}

const UNUSABLE = { usable: false, fusedAttention: false, speedup: 0, software: false, rows: [] } as const

function rowOf(name: DeviceName, outcome: SelfTestVerdict | string): DeviceRow {
  if (typeof outcome === 'string') return { name, builtIn: true, ...UNUSABLE, verdict: `${name} cannot be used here: ${outcome}` }
  const failed = outcome.rows.filter((row) => row.error > SELF_TEST_TOLERANCE)
  if (!outcome.usable) {
    const off = failed.filter((row) => !row.op.startsWith('fused')).map((row) => row.op)
    const none = outcome.rows.every((row) => row.error >= 1e9)
    return { name, builtIn: true, ...UNUSABLE, rows: outcome.rows, verdict: none ? `${name} cannot be used here: no adapter that runs these nets was found.` : `${name} failed its self-test (${off.join(', ')}).` }
  }
  const software = outcome.speedup < SOFTWARE_BELOW
  const attention = outcome.fusedAttention ? 'fused attention passed' : 'fused attention is wrong here, so attention runs unfused'
  const speed = software ? `slower than the CPU (${outcome.speedup.toFixed(2)}x), so only by name` : `${outcome.speedup.toFixed(1)}x the CPU`
  return { name, builtIn: true, usable: true, fusedAttention: outcome.fusedAttention, speedup: outcome.speedup, software, rows: outcome.rows, verdict: `${name} passed its self-test; ${attention}; ${speed}.` }
}

function missingSentence(name: DeviceName): string {
  return name === 'cuda'
    ? 'cuda is not set up: run "npm run setup:cuda" on a machine with an NVIDIA card, CUDA 12 and cuDNN 9.'
    : `${name} is not part of this build of the runtime.`
}

/** Whether the runtime's binding has the provider and, for those it does not bring along, the library is installed. */
function builtIn(name: DeviceName): boolean {
  const backends = ort.listSupportedBackends()
  const backend = backends.find((candidate) => candidate.name === name)
  return backend !== undefined && (backend.bundled || existsSync(path.join(runtimeBinaries(), `libonnxruntime_providers_${name}.so`)))
}

/** The folder that holds the runtime's native libraries; `setup:cuda` puts the CUDA provider there. */
function runtimeBinaries(): string {
  const entry = createRequire(import.meta.url).resolve('onnxruntime-node/package.json')
  return path.join(path.dirname(entry), 'bin', 'napi-v6', process.platform, process.arch)
}

/** What a verdict depends on besides the device: runtime version, driver files, and variables that choose drivers. */
async function surroundings(): Promise<string> {
  const hash = createHash('sha256').update(ortVersion()).update(`${process.platform} ${process.arch} ${os.release()}`)
  for (const variable of ['VK_ICD_FILENAMES', 'VK_DRIVER_FILES', 'LD_LIBRARY_PATH', 'CUDA_VISIBLE_DEVICES']) hash.update(`${variable}=${process.env[variable] ?? ''}`)
  for (const folder of ['/usr/share/vulkan/icd.d', '/etc/vulkan/icd.d']) hash.update((await readdir(folder).catch(() => [])).join())
  hash.update(await readFile('/proc/driver/nvidia/version', 'utf8').catch(() => ''))
  return hash.digest('hex').slice(0, 16)
}

function ortVersion(): string {
  const require = createRequire(import.meta.url)
  const { version } = require('onnxruntime-node/package.json') as { version: string }
  return version
}

/** The verdict, or one sentence on why there is none. */
function testInChild(name: DeviceName): Promise<SelfTestVerdict | string> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js' // a packed program is plain JavaScript
  const entry = fileURLToPath(new URL(`./selfTestChild${extension}`, import.meta.url))
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, name], { stdio: ['ignore', 'pipe', 'ignore'] })
    const parts: Buffer[] = []
    const timer = setTimeout(() => child.kill('SIGKILL'), SELF_TEST_TIMEOUT_MS)
    child.stdout.on('data', (part: Buffer) => parts.push(part))
    child.on('error', (error) => resolve(`its self-test could not be started (${error.message}).`))
    child.on('close', (code, signal) => {
      clearTimeout(timer)
      try {
        resolve(JSON.parse(Buffer.concat(parts).toString('utf8')) as SelfTestVerdict)
      } catch {
        resolve(signal === 'SIGKILL' ? `its self-test did not end within ${SELF_TEST_TIMEOUT_MS / 1000} s.` : `its self-test ended with ${signal ?? `code ${code}`}.`)
      }
    })
  })
}

async function keep(file: string, row: DeviceRow): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await mkdir(path.dirname(file), { recursive: true })
    await writeFile(temporary, JSON.stringify(row))
    await rename(temporary, file)
  } catch {
    // a cache that cannot be written costs a test per start, nothing else
  }
}
