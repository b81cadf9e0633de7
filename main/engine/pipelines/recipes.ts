/** The recipe of a result and the common part of what a run gives back. */
import type { Recipe } from '../image/recipe.ts'
import type { WrittenPicture } from '../image/writePicture.ts'
import type { SamplingRequest } from '../requests.ts'
import type { LoadedCheckpoint, RunCounts } from './loadedCheckpoint.ts'

/** The program's name and version as embedded in recipes. */
export const PROGRAM = { name: 'Palimpsest', version: '0.1.0' } as const

/** Format of the recipe; raised when keys change their meaning. */
const RECIPE_VERSION = 1

/** What is needed to make a sampled result again, without times, paths or hosts. */
export function samplingRecipe(request: SamplingRequest & { readonly task: string }, loaded: LoadedCheckpoint, seed: number, scheduler: string, extra: Recipe = {}): Recipe {
  return {
    program: PROGRAM.name,
    version: PROGRAM.version,
    recipeVersion: RECIPE_VERSION,
    task: request.task,
    prompt: request.prompt,
    negative: request.negative || undefined,
    seed,
    steps: request.steps,
    guidance: request.guidance,
    guidanceRescale: request.guidanceRescale || undefined,
    scheduler,
    clipSkip: request.clipSkip || undefined,
    longPrompt: request.longPrompt === 'truncate' ? undefined : request.longPrompt,
    fast: request.fast || undefined,
    model: loaded.checkpoint.id,
    modelHash: loaded.checkpoint.hash,
    device: loaded.device,
    ...extra,
  }
}

/** What every sampling result reports. */
export function samplingReport(request: SamplingRequest, loaded: RunCounts, seed: number, scheduler: string, timings: Readonly<Record<string, number>>) {
  const round = (seconds: number): number => Math.round(seconds * 1000) / 1000
  return {
    model: loaded.checkpoint.id,
    modelHash: loaded.checkpoint.hash,
    device: loaded.device,
    seed,
    scheduler,
    steps: request.steps,
    guidance: request.guidance,
    unetCalls: loaded.unetCalls,
    unetSeconds: round(loaded.unetSeconds),
    loadSeconds: round(loaded.loadSeconds),
    seconds: Object.fromEntries(Object.entries(timings).map(([phase, seconds]) => [phase, round(seconds)])),
    ...(request.trace ? { trace: request.trace } : {}),
  }
}

/** What every edit of a picture reports about its file: 0 samples changed outside, and what the codec did. */
export function reportWritten(written: WrittenPicture, changedOutside: 0) {
  return {
    out: written.path,
    format: written.format,
    bytes: written.bytes,
    changedOutside,
    codec: { lossless: written.lossless, changedSamples: written.codec.changed, largestChange: written.codec.maxAbs },
  }
}
