/**
 * `npm run setup:cuda`: fetches onnxruntime's CUDA libraries (several hundred megabytes) beside the runtime. The only
 * step that downloads anything, and only when a person asks for it. Linux x64; Windows uses DirectML or WebGPU.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'

const root = path.resolve(import.meta.dirname, '..')
const folder = path.join(root, 'node_modules', 'onnxruntime-node')
const binaries = path.join(folder, 'bin', 'napi-v6', process.platform, process.arch)

if (process.platform !== 'linux' || process.arch !== 'x64') {
  process.stderr.write(`setup:cuda: expected Linux on x64, found ${process.platform} on ${process.arch}; the runtime has no CUDA build for it, use --device webgpu${process.platform === 'win32' ? ' or dml' : ''}.\n`)
  process.exit(2)
}
if (!existsSync('/proc/driver/nvidia/version')) {
  process.stderr.write('setup:cuda: expected an NVIDIA driver on this machine, found none; install the driver, CUDA 12 and cuDNN 9 first.\n')
  process.exit(2)
}
process.stderr.write('Fetching the CUDA libraries of onnxruntime (several hundred megabytes)...\n')
const result = spawnSync(process.execPath, [path.join(folder, 'script', 'install.js'), '--onnxruntime-node-install=cuda12'], { cwd: folder, stdio: ['ignore', 2, 2] })
const arrived = existsSync(binaries) && readdirSync(binaries).some((name) => name.includes('providers_cuda'))
if (result.status !== 0 || !arrived) {
  process.stderr.write('setup:cuda: expected the CUDA libraries to arrive, found none; check the network and run it again.\n')
  process.exit(1)
}
process.stdout.write('The CUDA libraries are in place; "palimpsest devices --refresh" tells whether this card passes the self-test.\n')
