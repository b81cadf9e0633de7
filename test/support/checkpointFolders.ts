/** Whole checkpoints put together from the tiny components of test/fixtures/nets. */
import fs from 'node:fs'
import path from 'node:path'

const nets = path.resolve(import.meta.dirname, '../fixtures/nets')

/** SD1.5's scheduler_config.json, as on the hub. */
export const SD15_SCHEDULER = {
  _class_name: 'PNDMScheduler', _diffusers_version: '0.6.0', beta_end: 0.012, beta_schedule: 'scaled_linear', beta_start: 0.00085,
  num_train_timesteps: 1000, set_alpha_to_one: false, skip_prk_steps: true, steps_offset: 1, trained_betas: null, clip_sample: false,
}

/** Which fixture stands for which component folder. */
export interface FolderPlan { readonly unet?: string; readonly vae?: string; readonly tiny_vae?: string; readonly text_encoder?: string; readonly image_encoder?: string }

/** The path of a single-file checkpoint fixture. */
export function singleFileFixture(family: 'sd1' | 'sd2'): string {
  return path.join(nets, 'checkpoints', `${family}.safetensors`)
}

/** Writes JSON below a folder that is made when needed. */
export function writeJson(file: string, value: unknown): void {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  fs.writeFileSync(file, JSON.stringify(value))
}

/** Only the configurations of a checkpoint, as `--config DIR` takes them. */
export function makeConfigDir(dir: string, plan: FolderPlan): string {
  for (const [part, fixture] of Object.entries(plan) as [string, string][]) {
    fs.mkdirSync(path.join(dir, part), { recursive: true })
    fs.copyFileSync(path.join(nets, fixture, 'config.json'), path.join(dir, part, 'config.json'))
  }
  return dir
}

/** A diffusers folder with model_index.json, scheduler and a small word-level tokenizer. */
export function makeCheckpointFolder(dir: string, plan: FolderPlan, className = 'StableDiffusionPipeline'): string {
  makeConfigDir(dir, plan)
  for (const [part, fixture] of Object.entries(plan) as [string, string][]) {
    const weights = fs.readdirSync(path.join(nets, fixture)).find((name) => name.endsWith('.safetensors') && name !== 'cases.safetensors')!
    fs.copyFileSync(path.join(nets, fixture, weights), path.join(dir, part, weights))
  }
  writeJson(path.join(dir, 'model_index.json'), { _class_name: className, unet: ['diffusers', 'UNet2DConditionModel'], safety_checker: [null, null] })
  writeJson(path.join(dir, 'scheduler', 'scheduler_config.json'), SD15_SCHEDULER)
  writeJson(path.join(dir, 'tokenizer', 'vocab.json'), { '<|startoftext|>': 118, '<|endoftext|>': 119, '!': 0 })
  fs.writeFileSync(path.join(dir, 'tokenizer', 'merges.txt'), '#version: 0.2\n')
  writeJson(path.join(dir, 'tokenizer', 'special_tokens_map.json'), { pad_token: '<|endoftext|>' })
  return dir
}
