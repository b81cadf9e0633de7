/**
 * The WebGPU path on SwiftShader, the software Vulkan device that Debian's chromium brings: slow and right, except that
 * onnxruntime's fused attention is wrong on it, so the self-test has something real to reject.
 */
import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { chooseDevice, listDevices } from '../../main/engine/runtime/device.ts'

const chromium = '/usr/lib/chromium'
const driver = path.join(chromium, 'vk_swiftshader_icd.json')
const available = process.platform === 'linux' && existsSync(driver)
if (!available) console.warn(`Skipped: the WebGPU path needs a software Vulkan device at ${driver} (apt-get install chromium).`)

const folder = mkdtempSync(path.join(tmpdir(), 'webgpu-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

describe.skipIf(!available)('WebGPU on a software Vulkan device', () => {
  // The loader reads these when a process starts, so they reach the children that tests start, not this process.
  Object.assign(process.env, { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: chromium, XDG_RUNTIME_DIR: folder })
  const options = { cacheDir: path.join(folder, 'verdicts') }

  it('is used by name with unfused attention, because its fused attention is wrong', { timeout: 300_000 }, async () => {
    expect(await chooseDevice('webgpu', options)).toEqual({ name: 'webgpu', fusedAttention: false })
  })

  it('keeps the verdict, says what failed, and never takes a software adapter by itself', async () => {
    expect(readdirSync(options.cacheDir)).toHaveLength(1)
    const written = statSync(path.join(options.cacheDir, readdirSync(options.cacheDir)[0]!)).mtimeMs
    const row = (await listDevices(options)).find(({ name }) => name === 'webgpu')!
    expect(statSync(path.join(options.cacheDir, readdirSync(options.cacheDir)[0]!)).mtimeMs).toBe(written)
    expect(row).toMatchObject({ builtIn: true, usable: true, fusedAttention: false, software: true })
    expect(row.verdict).toMatch(/fused attention is wrong here, so attention runs unfused/)
    expect(row.rows.find(({ op }) => op === 'attention')!.error).toBeLessThan(1e-5)
    expect(row.rows.find(({ op }) => op === 'fused attention, heads of 40')!.error).toBeGreaterThan(1e-3)
    expect(await chooseDevice('auto', options)).toEqual({ name: 'cpu', fusedAttention: true })
  })

  it.each(['unet-sd1', 'vae-kl'])('runs %s as PyTorch does', { timeout: 300_000 }, async (name) => {
    const entry = path.resolve(import.meta.dirname, '../support/netOnDevice.ts')
    const { stdout } = await promisify(execFile)(process.execPath, ['--disable-warning=ExperimentalWarning', entry, 'webgpu', name])
    const result = JSON.parse(stdout) as { device: string; error: number }
    expect(result.device).toBe('webgpu')
    // three times the bound for the CPU: other kernels sum in other orders, and these nets have random weights
    expect(result.error).toBeLessThanOrEqual(1e-4)
  })
})

describe('devices of this machine', () => {
  it('answer an unknown name with the known ones', async () => {
    await expect(chooseDevice('tpu', { cacheDir: folder })).rejects.toMatchObject({ code: 'input/device', exitCode: 2, message: expect.stringContaining('one of auto, ') as string })
  })

  it.runIf(process.platform === 'linux')('fall back to the CPU with one sentence where a device cannot be used', async () => {
    Object.assign(process.env, { VK_ICD_FILENAMES: path.join(folder, 'none.json') })
    const chosen = await chooseDevice('webgpu', { cacheDir: path.join(folder, 'without-adapter') })
    expect(chosen).toEqual({ name: 'cpu', fusedAttention: true, note: expect.stringMatching(/^webgpu cannot be used here: .*\. Running on the CPU instead\.$/) as string })
    expect(await chooseDevice('cuda', { cacheDir: folder })).toMatchObject({ name: 'cpu', note: expect.stringContaining('setup:cuda') as string })
  })
})
