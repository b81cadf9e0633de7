/** The self-test of devices. WebGPU runs on Chromium's software Vulkan device, whose fused attention is known to be wrong. */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { chooseDevice, listDevices } from '../../main/engine/runtime/device.ts'
import { selfTest } from '../../main/engine/runtime/selfTest.ts'
import type { SelfTestVerdict } from '../../main/engine/runtime/selfTest.ts'

const chromium = '/usr/lib/chromium'
const swiftShader = path.join(chromium, 'vk_swiftshader_icd.json')
const cacheDir = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-devices-'))
afterAll(() => rmSync(cacheDir, { recursive: true, force: true }))

describe('devices', () => {
  it('the CPU passes its own self-test exactly', async () => {
    const verdict = await selfTest('cpu')
    expect(verdict.rows.length).toBeGreaterThanOrEqual(14)
    expect(verdict.rows.filter((row) => row.error !== 0)).toEqual([])
    expect(verdict).toMatchObject({ usable: true, fusedAttention: true })
  })

  it('always ends the list with a usable CPU', async () => {
    const rows = await listDevices({ cacheDir })
    expect(rows.at(-1)).toMatchObject({ name: 'cpu', usable: true, fusedAttention: true })
  })

  it('refuses a device that the platform does not know, naming those it does', async () => {
    const unknown = process.platform === 'win32' ? 'coreml' : 'dml'
    await expect(chooseDevice(unknown, { cacheDir })).rejects.toThrow(/one of auto, .*cpu/)
  })

  const reason = process.platform !== 'linux' ? 'SwiftShader is looked for on Linux only' : existsSync(swiftShader) ? '' : "Debian's chromium, which brings SwiftShader, is not installed"
  if (reason) console.log(`skipped: WebGPU self-test: ${reason}`)
  it.skipIf(reason !== '')('rejects fused and accepts unfused attention on SwiftShader', { timeout: 400_000 }, () => {
    // the loader reads these variables when the process starts
    const env = { ...process.env, XDG_RUNTIME_DIR: cacheDir, VK_ICD_FILENAMES: swiftShader, LD_LIBRARY_PATH: chromium }
    const child = path.join(import.meta.dirname, '..', '..', 'main', 'engine', 'runtime', 'selfTestChild.ts')
    const run = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', child, 'webgpu'], { env, encoding: 'utf8' })
    const verdict = JSON.parse(run.stdout) as SelfTestVerdict
    expect(verdict.usable).toBe(true)
    expect(verdict.fusedAttention).toBe(false)
    expect(verdict.rows.filter((row) => !row.op.startsWith('fused') && row.error > 1e-5)).toEqual([])
    // a software adapter is slower than the CPU, which keeps `auto` from choosing it
    expect(verdict.speedup).toBeLessThan(1)
  })
})
