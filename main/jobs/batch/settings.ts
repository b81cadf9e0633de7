/** What a batch is told: one schema for the command line's options, the editor's screen and the host. */
import { z } from 'zod'
import { DEFAULT_MODEL, DEVICE_NAMES } from '../../engine/requests.ts'

const filePath = z.string().min(1)

/** What happens to a picture whose result is there already, made by something else than this very batch. */
export const EXISTING_POLICIES = ['skip', 'overwrite', 'suffix'] as const
/** Formats that results can be written in. */
export const RESULT_FORMATS = ['png', 'jpg', 'webp', 'tif'] as const

/** Checks {@link BatchSettings}; every path is absolute by then. */
export const batchSettingsSchema = z.object({
  recipe: filePath.describe('recipe file: what to do with each picture'),
  in: filePath.describe('folder with the pictures'),
  out: filePath.describe('folder for the results; made when it does not exist'),
  masks: filePath.optional().describe("folder with the masks; without it the recipe's own folder"),
  maskRule: z.array(z.string().min(1)).default([]).describe('how masks are called, as "{name}_mask.*"; may be given several times, the first that fits counts'),
  prompts: filePath.optional().describe('CSV table with a column "file" and columns like prompt, negative, seed, prompt.2 (of step 2)'),
  files: z.array(z.string().min(1)).default([]).describe('which pictures, as "*.jpg" or "**/*" to go into folders; may be given several times'),
  name: z.string().min(1).default('{name}{suffix}.{ext}').describe('how results are called; {dir}, {name}, {suffix}, {ext}, {recipe}, {seed}'),
  suffix: z.string().max(100).default('').describe('what {suffix} stands for, as "_edited"; needed when --out is --in'),
  format: z.enum(RESULT_FORMATS).optional().describe("format of the results; without it each picture's own"),
  existing: z.enum(EXISTING_POLICIES).default('skip').describe('when a result of another origin is there already: leave it, replace it, or write beside it'),
  quality: z.number().int().min(1).max(100).default(92).describe('quality of JPEG and WebP, 1 to 100'),
  embedRecipe: z.boolean().default(true).describe('embed the recipe (prompt, seed, model hash, versions) in each result'),
  minFidelity: z.number().min(0).max(100).optional().describe('results whose fidelity in dB is lower go to the folder "review"'),
  seed: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER).default(0).describe('steps without a seed in the recipe get one made of this number and the name of the picture'),
  attentionModel: z.string().min(1).default(DEFAULT_MODEL).describe('checkpoint that looks where words are, for steps whose own model cannot'),
  device: z.enum(DEVICE_NAMES).default('auto').describe('where to run'),
  jobs: z.number().int().min(1).max(16).default(1).describe('pictures at work at a time, on one engine: one is painted while others are opened, masked and written'),
  shard: z.string().optional().describe('do part i of n of the pictures, as 2/5'),
  sheet: z.boolean().default(true).describe('make thumbnails and a contact sheet'),
})

/** What a batch is told. */
export type BatchSettings = z.output<typeof batchSettingsSchema>
