/** --fast (int8 linear layers) against float32 on the starter. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { createEngine } from '../../main/engine/index.ts'
import { checkoutEnvironment, palimpsestPaths } from '../../main/paths.ts'
import { table } from './measureCase.ts'

const mapping = path.resolve(import.meta.dirname, '..', '..', 'models', 'bench', 'papercut-pie', 'mapping_file.json')

/** 20 held-out prompts, DDIM 20, same noise: PSNR in dB between the two pictures. */
export async function measureFast(folder: string): Promise<string> {
  const { data, cache, bundledModels } = palimpsestPaths({ env: { ...process.env, ...checkoutEnvironment() } })
  const engine = createEngine({ bundledModels, dataDir: data, cacheDir: cache })
  const entries = Object.values(JSON.parse(readFileSync(mapping, 'utf8')) as Record<string, { original_prompt: string }>)
  const prompts = entries.filter((_, i) => i % 7 === 0).slice(0, 20).map((entry) => entry.original_prompt.replace(/[[\]]/g, ''))
  const values: number[] = []
  for (const [i, prompt] of prompts.entries()) {
    const files = [false, true].map((fast) => path.join(folder, `fast-${i}-${fast}.png`))
    for (const [k, fast] of [false, true].entries()) await engine.run({ task: 'txt2img', model: 'starter', prompt, steps: 20, scheduler: 'ddim', seed: i, fast, device: 'cpu', out: files[k] })
    values.push(await psnrOf(files[0]!, files[1]!))
  }
  await engine.dispose()
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  return table(['prompts', 'mean PSNR dB (at least 32)', 'worst dB (at least 26)'], [[values.length, mean.toFixed(2), Math.min(...values).toFixed(2)]])
}

async function psnrOf(a: string, b: string): Promise<number> {
  const [x, y] = await Promise.all([a, b].map((file) => sharp(file).removeAlpha().raw().toBuffer()))
  let sum = 0
  for (let i = 0; i < x!.length; i++) sum += (x![i]! - y![i]!) ** 2
  return 10 * Math.log10((255 * 255 * x!.length) / sum)
}
