/** What is measured of an edited picture, and the nets that measure. */
import { openPicture } from '../image/codec.ts'
import { cropPixels } from '../image/cropStitch.ts'
import { wholeBox } from '../image/geometry.ts'
import type { Picture } from '../image/picture.ts'
import type { RequestOf } from '../requests.ts'
import type { Pixels } from '../tensor/tensor.ts'
import { askedFacts, holds, type BenchCase } from './benchmark.ts'
import { clipScore, createClipScorer, openClipModel, type ClipScorer } from './clipScore.ts'
import type { RunContext } from './context.ts'
import { probeRecord } from './describe.ts'
import type { CaseResult } from './evaluationTable.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { meanSquaredError, peakSignalToNoise, ssim } from './metrics.ts'
import { openLpips, openStructureDistance, type PerceptualMeasure } from './perceptualNets.ts'

/** The nets that measure; null for one that nobody has. */
export interface Measures {
  readonly clip: ClipScorer | null
  readonly lpips: PerceptualMeasure | null
  readonly structure: PerceptualMeasure | null
}

/** What measuring needs. */
export interface Measuring {
  readonly loaded: LoadedCheckpoint
  readonly measures: Measures
  /** CLIP's embeddings of target descriptions met so far */
  readonly textScores: Map<string, Float32Array>
}

/** The part of a result that is measured. */
export type Measured = Pick<
  CaseResult,
  'structure' | 'backgroundPsnr' | 'backgroundLpips' | 'backgroundMse' | 'backgroundSsim' | 'truthPsnr' | 'truthSsim' | 'clipWhole' | 'clipEdited' | 'asked' | 'askedMain'
>

/** Opens the nets that the person named, and the checkpoint's own image tower where they named no CLIP. @throws EngineError of the files (exit 2) */
export async function openMeasures(context: RunContext, loaded: LoadedCheckpoint, request: Pick<RequestOf<'evaluate'>, 'lpips' | 'dino' | 'clip'>): Promise<Measures> {
  const { weightCache } = loaded
  return {
    lpips: request.lpips === undefined ? null : await openLpips(request.lpips, weightCache),
    structure: request.dino === undefined ? null : await openStructureDistance(request.dino, weightCache),
    clip: request.clip === undefined ? await createClipScorer(context, loaded) : await openClipModel(request.clip, weightCache),
  }
}

/** Frees the nets. */
export async function closeMeasures({ clip, lpips, structure }: Measures): Promise<void> {
  for (const measuring of [clip, lpips, structure]) await measuring?.dispose()
}

/** Sentences below the table: how it was measured, and what a person could add. */
export function measureNotes({ clip, lpips, structure }: Measures): string[] {
  return [
    'PSNR, MSE and SSIM as PIE-Bench measures them: both pictures times the background mask, over the full frame.',
    ...(clip ? [clip.hash === null ? "CLIP-score by the checkpoint's own image tower." : 'CLIP-score by the CLIP model given with --clip.'] : ['No CLIP-score: the checkpoint has no image tower with a text projection; give a CLIP model with --clip FOLDER.']),
    lpips?.note ?? 'No LPIPS: the net is not part of the program; give its weights with --lpips FILE (.safetensors, named as the lpips package does).',
    structure?.note ?? 'No structure distance: the net is not part of the program; give a DINO ViT with --dino FILE (.safetensors).',
  ]
}

/** Compares whole pictures in 8-bit sRGB, at the benchmark's own size. */
export async function measure(place: Measuring, item: BenchCase, before: Picture, after: Picture): Promise<Measured> {
  const [a, b] = [await wholePixels(before), await wholePixels(after)]
  const background = item.mask.map((value) => (value ? 0 : 1))
  const hasBackground = background.some((value) => value === 1)
  const truth = item.truth ? await wholePixels(await openPicture(item.truth)) : null
  return {
    backgroundPsnr: hasBackground ? finite(peakSignalToNoise(a, b, background)) : null,
    backgroundMse: hasBackground ? meanSquaredError(a, b, background) : null,
    backgroundSsim: hasBackground ? ssim(a, b, background) : null,
    truthPsnr: truth ? finite(peakSignalToNoise(truth, b)) : null,
    truthSsim: truth ? ssim(truth, b) : null,
    structure: (await place.measures.structure?.between(before, after)) ?? null,
    backgroundLpips: hasBackground ? ((await place.measures.lpips?.between(before, after, background)) ?? null) : null,
    ...(await clipScores(place, item, after)),
    ...(await probeVerdict(place, item, after)),
  }
}

async function clipScores({ measures: { clip: scorer }, textScores }: Measuring, item: BenchCase, after: Picture): Promise<{ clipWhole: number | null; clipEdited: number | null }> {
  if (!scorer) return { clipWhole: null, clipEdited: null }
  const text = textScores.get(item.target) ?? (await scorer.text(item.target))
  textScores.set(item.target, text)
  const samples = after.samples.slice()
  item.mask.forEach((value, pixel) => {
    if (!value) for (let c = 0; c < after.channels; c++) samples[pixel * after.channels + c] = 0
  })
  return {
    clipWhole: clipScore(text, await scorer.picture(after)),
    clipEdited: clipScore(text, await scorer.picture({ ...after, samples } as Picture)),
  }
}

async function probeVerdict({ loaded }: Measuring, item: BenchCase, after: Picture): Promise<{ asked: boolean | null; askedMain: boolean | null }> {
  if (!item.records || !loaded.has('probe')) return { asked: null, askedMain: null }
  const facts = askedFacts(item.records.before, item.records.after)
  const seen = await probeRecord(loaded, after)
  const main = facts.filter((fact) => (item.kind === 1 && fact.what === 'object') || (item.kind === 6 && fact.name === 'colour'))
  return {
    asked: facts.length > 0 ? facts.every((fact) => holds(fact, seen)) : null,
    askedMain: main.length > 0 ? main.every((fact) => holds(fact, seen)) : null,
  }
}

async function wholePixels(picture: Picture): Promise<Pixels> {
  return cropPixels(picture, wholeBox(picture), picture)
}

/** The number, or null where it is infinite: JSON has no infinity. */
export function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}
