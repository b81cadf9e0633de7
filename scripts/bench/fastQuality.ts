/**
 * What `--fast` costs in pictures: the same prompts and seeds with and without it, as peak signal-to-noise ratios.
 *
 *     node scripts/run.mjs scripts/bench/fastQuality.ts [--model ID] [--prompts FILE] [--count 20] [--steps 20] [--size WxH]
 *
 * Without --prompts (a text file, one per line) the prompts are spread over the benchmark in models/bench, whose scenes
 * no training picture repeats.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { openPicture } from '../../main/engine/image/codec.ts'
import { createEngine } from '../../main/engine/index.ts'

const root = path.resolve(import.meta.dirname, '../..')

function heldOutPrompts(count: number): string[] {
  const mapping = JSON.parse(fs.readFileSync(path.join(root, 'models', 'bench', 'papercut-pie', 'mapping_file.json'), 'utf8')) as Record<string, { original_prompt: string }>
  const prompts = Object.values(mapping).map((row) => row.original_prompt.replaceAll(/[[\]]/g, ''))
  return Array.from({ length: Math.min(count, prompts.length) }, (_, index) => prompts[Math.floor((index * prompts.length) / count)]!)
}

/** Peak signal-to-noise ratio of two pictures of equal size and depth, in dB. */
async function psnr(one: string, other: string): Promise<number> {
  const [a, b] = await Promise.all([openPicture(one), openPicture(other)])
  const peak = a.depth === 8 ? 255 : 65535
  let sum = 0
  for (let i = 0; i < a.samples.length; i++) sum += (a.samples[i]! - b.samples[i]!) ** 2
  return 10 * Math.log10((peak * peak) / Math.max(sum / a.samples.length, 1e-12))
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      model: { type: 'string', default: 'starter' }, prompts: { type: 'string' }, count: { type: 'string', default: '20' },
      steps: { type: 'string', default: '20' }, size: { type: 'string' },
    },
  })
  const lines = values.prompts ? fs.readFileSync(values.prompts, 'utf8').split('\n').filter((line) => line.trim() !== '') : heldOutPrompts(Number(values.count))
  const [width, height] = (values.size ?? '').split('x').map(Number)
  const cache = path.join(root, '.cache', 'bench')
  const engine = createEngine({ bundledModels: path.join(root, 'models'), dataDir: path.join(cache, 'data'), cacheDir: cache })
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-fast-'))
  const ratios: number[] = []
  try {
    for (const [index, prompt] of lines.entries()) {
      const files: string[] = []
      for (const fast of [false, true]) {
        const out = path.join(folder, `${index}-${fast}.png`)
        files.push(out)
        const size = width && height ? { size: { width, height } } : {}
        await engine.run({ task: 'txt2img', model: values.model, prompt, steps: Number(values.steps), scheduler: 'ddim', seed: index, device: 'cpu', fast, out, ...size })
      }
      ratios.push(await psnr(files[0]!, files[1]!))
      process.stderr.write(`${ratios.at(-1)!.toFixed(1)} dB  ${prompt}\n`)
    }
  } finally {
    await engine.dispose()
    fs.rmSync(folder, { recursive: true, force: true })
  }
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length
  console.log(`--fast against float32, ${lines.length} prompts, DDIM ${values.steps}: mean PSNR ${mean.toFixed(1)} dB, worst ${Math.min(...ratios).toFixed(1)} dB`)
}

await main()
