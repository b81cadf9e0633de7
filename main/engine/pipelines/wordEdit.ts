/** One edit with words, from inverted (or fresh) noise to the latents of the edited picture; swap and evaluate share it. */
import { badInput } from '../errors.ts'
import { masaCtrl } from '../methods/editing/masaCtrl.ts'
import { plugAndPlay } from '../methods/editing/plugAndPlay.ts'
import { promptToPrompt } from '../methods/editing/promptToPrompt.ts'
import { negativeEmbeds } from '../methods/inversion/negativePromptInversion.ts'
import type { AttentionMethod } from '../methods/shared/attentionMethod.ts'
import { createDdimPath } from '../methods/shared/ddimPath.ts'
import type { DrawnWord } from '../methods/shared/drawnBias.ts'
import { layOutRows, type EditRows } from '../methods/shared/editRows.ts'
import { crossAttentionTable } from '../methods/shared/timeWindows.ts'
import type { AttentionControl, AttentionSite, MapSize } from '../nets/attentionSite.ts'
import { crossMapSizes } from '../nets/attentionSite.ts'
import type { EditMethod, InversionMethod } from '../requests.ts'
import type { Scheduler } from '../schedulers/scheduler.ts'
import type { Latents, PromptEmbeds } from '../tensor/tensor.ts'
import { denoiseBranches, denoiseBranchesCoupled, type BlendPlan, type BranchResult, type BranchRun, type ProximalGuidePlan } from './branchDenoise.ts'
import type { RunContext } from './context.ts'
import { openControlledUNet, sitesOf, type NetSize, type UNetWork } from './controlledUNet.ts'
import type { WordEdit } from './editWords.ts'
import { literalPrompt } from './editWords.ts'
import { edictGuidance, inversionSchedule, inversionScheduler, type Inverted } from './inversion.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { encodePrompt, type PromptOptions } from './prompt.ts'

/** The numbers of an edit, from a request. */
export interface EditChoices {
  readonly method: EditMethod
  readonly guidance: number
  readonly guidanceRescale: number
  readonly negative: string
  readonly clipSkip: number
  readonly cross: number
  readonly self: number
  readonly selfPixels: number
  readonly localBlend: boolean
  readonly blendThreshold: number
  readonly blendStart: number
  readonly startStep: number
  readonly startLayer?: number | undefined
  readonly proximal: 'none' | 'soft' | 'hard'
  readonly proximalQuantile: number
  readonly proximalGuide: 'none' | 'inversion' | 'reconstruction'
  readonly proximalUntil: number
  readonly proximalRate: number
  readonly proximalDilate: number
  readonly emptyShare: number
  readonly biasStrength: number
}

/** Text states of an edit. */
export interface EditStates {
  readonly source: PromptEmbeds
  readonly target: PromptEmbeds
  readonly negative: PromptEmbeds
}

/** Where the edit begins. */
export type EditStart =
  | { readonly kind: 'inverted'; readonly inversion: InversionMethod; readonly inverted: Inverted }
  | { readonly kind: 'drawn'; readonly scheduler: Scheduler; readonly latents: Latents; readonly noise: () => Latents }

/** What is edited. */
export interface EditTask {
  readonly size: NetSize
  readonly words: WordEdit
  readonly states: EditStates
  readonly start: EditStart
  /** 1 where the picture may change, per latent pixel; takes the place of the local blend */
  readonly drawnMask?: Uint8Array
  readonly drawnWords?: readonly DrawnWord[]
  readonly work: UNetWork
  readonly signal?: AbortSignal | undefined
  readonly onStep?: BranchRun['onStep']
}

/** The net's description of the picture as it is: MasaCtrl and plug-and-play look at a real picture without words. */
export function sourcePromptFor(method: EditMethod, isPicture: boolean, description: string): string {
  return isPicture && method !== 'p2p' ? '' : description
}

/** The negative prompt: the person's, else the checkpoint's own. */
export function negativePromptOf(loaded: LoadedCheckpoint, negative: string): string {
  return negative || loaded.checkpoint.defaultNegative
}

/** Encodes the three prompts of an edit. */
export async function editStates(context: RunContext, loaded: LoadedCheckpoint, prompts: { source: string; target: string; negative: string }, options: PromptOptions): Promise<EditStates> {
  const negative = negativePromptOf(loaded, prompts.negative)
  const [source, target, empty] = await encodePrompt(context, loaded, [literalPrompt(prompts.source), literalPrompt(prompts.target), negative], options)
  return { source: source!, target: target!, negative: empty! }
}

/** The rows of an edit: whose unconditional prediction is needed. @param inversion null for a picture that is drawn */
export function rowsOf(inversion: InversionMethod | null, choices: Pick<EditChoices, 'guidance' | 'emptyShare'>): EditRows {
  const isGuided = guidanceOf(inversion, choices.guidance) > 1
  switch (inversion) {
    case 'direct':
    case 'ef-ddpm':
      return layOutRows(isGuided, false)
    case 'npi':
      // the description itself is the negative prompt, so the source's two predictions are one
      return layOutRows(isGuided, choices.emptyShare > 0)
    case 'renoise':
      return layOutRows(isGuided, false)
    case 'ddim':
    case 'edict':
    case null:
      return layOutRows(isGuided, true)
  }
}

/** Whether the source branch is put on latents that are known: it then comes back exactly, whatever guidance does. */
export function isSourceKnown(inversion: InversionMethod): boolean {
  return inversion === 'direct' || inversion === 'ef-ddpm'
}

/** The guidance scale that an edit runs with. */
export function guidanceOf(inversion: InversionMethod | null, guidance: number): number {
  return inversion === 'edict' ? edictGuidance(guidance) : guidance
}

/** Size of the maps that local blends are made from: a quarter of the latents' side, at least about 16 x 16. */
export function blendMapSize(sites: readonly AttentionSite[], { height, width }: NetSize): MapSize | null {
  const wanted = Math.max(Math.min(16, Math.sqrt(height * width)), Math.sqrt(height * width) / 4)
  const distance = ([h, w]: MapSize): number => Math.abs(Math.log(Math.sqrt(h * w) / wanted))
  return crossMapSizes(sites).reduce<MapSize | null>((best, size) => (best === null || distance(size) < distance(best) ? size : best), null)
}

/** Refuses guidance by what no threshold leaves. @throws EngineError swap/proximal (exit 2) */
export function checkProximal({ proximal, proximalGuide }: Pick<EditChoices, 'proximal' | 'proximalGuide'>): void {
  if (proximalGuide === 'none' || proximal !== 'none') return
  throw badInput('swap/proximal', { thing: `--proximal-guide ${proximalGuide}`, expected: '--proximal soft or hard, whose leavings it goes by', found: 'none', todo: 'add --proximal soft' })
}

/** What an edit compiles into the net, known before any word is: for forecasts. @param inversion null for a picture that is drawn */
export function editControl(loaded: LoadedCheckpoint, size: NetSize, inversion: InversionMethod | null, choices: EditChoices & { readonly steps: number }, isDrawn: boolean): { readonly rows: EditRows; readonly control: AttentionControl } {
  const sites = sitesOf(loaded, size)
  const rows = rowsOf(inversion, choices)
  const observe = blendMapSize(sites, size)
  // the numbers that steer are inputs of the graph: any will do
  const anyWords: MethodInput['task'] = { size, words: { edit: { kind: 'keep' } }, ...(isDrawn ? { drawnWords: [] } : {}) }
  return { rows, control: methodOf({ sites, rows, numSteps: choices.steps, task: anyWords, choices, observe: observe ? [observe] : [] }).control }
}

/** Runs the edit. */
export async function runWordEdit(loaded: LoadedCheckpoint, task: EditTask, choices: EditChoices): Promise<BranchResult> {
  const { size, start, states } = task
  const sites = sitesOf(loaded, size)
  const inversion = start.kind === 'inverted' ? start.inversion : null
  const rows = rowsOf(inversion, choices)
  const begin = beginning(loaded, start)
  const numSteps = begin.timesteps.length
  const observe = blendMapSize(sites, size)
  const blend = blendOf(task, choices, observe)
  const method = methodOf({ sites, rows, numSteps, task, choices, observe: observe ? [observe] : [] })
  const net = await openControlledUNet(loaded, rows.count, size, method.control, task.work)
  const negatives = negativesOf(start, states, choices)
  const path = createDdimPath(inversionSchedule(loaded), 1)
  const run: BranchRun = {
    net,
    rows,
    method,
    states: { source: states.source, target: states.target, ...negatives },
    scheduler: begin.scheduler,
    numSteps,
    sigmaAt: (timestep) => {
      const alpha = path.alphaAt(Math.round(timestep))
      return Math.sqrt((1 - alpha) / alpha)
    },
    latents: { source: begin.latents, target: begin.latents },
    guidanceScale: guidanceOf(inversion, choices.guidance),
    guidanceRescale: choices.guidanceRescale,
    noise: begin.noise,
    ...(begin.knownSource ? { knownSource: begin.knownSource } : {}),
    ...proximalOf(start, choices),
    ...(blend ? { blend } : {}),
    ...(task.signal ? { signal: task.signal } : {}),
    ...(task.onStep ? { onStep: task.onStep } : {}),
  }
  if (start.kind === 'inverted' && start.inversion === 'edict') {
    const { trajectory, timesteps, path: own } = start.inverted
    const x = trajectory.latents.at(-1)!
    return denoiseBranchesCoupled(run, { path: own, timesteps, x, y: trajectory.partner ?? x, predictionType: loaded.checkpoint.predictionType })
  }
  return denoiseBranches(run)
}

/** Proximal guidance belongs to negative-prompt inversion, whose source the prompts' difference leaves alone. */
function proximalOf(start: EditStart, choices: EditChoices): Pick<BranchRun, 'proximal'> {
  const { proximal: shrink, proximalQuantile: quantile, proximalGuide: kind } = choices
  if (shrink === 'none' || start.kind !== 'inverted' || start.inversion !== 'npi') return {}
  if (kind === 'none') return { proximal: { shrink, quantile } }
  const { trajectory, path, timesteps } = start.inverted
  const guide: ProximalGuidePlan = {
    kind,
    until: choices.proximalUntil,
    rate: choices.proximalRate,
    radius: choices.proximalDilate,
    levelAfter: (stepIndex) => trajectory.latents[timesteps.length - 1 - stepIndex]!,
    clean: trajectory.latents[0]!,
    signalBelow: (timestep) => Math.sqrt(path.alphaAt(path.below(timestep))),
  }
  return { proximal: { shrink, quantile, guide } }
}

interface Beginning {
  readonly scheduler: Scheduler
  readonly timesteps: readonly number[]
  readonly latents: Latents
  readonly noise: () => Latents
  readonly knownSource?: (stepIndex: number) => Latents
}

/** Scheduler, first latents and noise of the run. */
function beginning(loaded: LoadedCheckpoint, start: EditStart): Beginning {
  if (start.kind === 'drawn') return { scheduler: start.scheduler, timesteps: start.scheduler.timesteps, latents: start.latents, noise: start.noise }
  const { inversion, inverted } = start
  const { trajectory, timesteps, path } = inverted
  const scheduler = inversionScheduler(loaded)
  const steps = path.timesteps.length
  const skipped = steps - timesteps.length
  scheduler.setTimesteps(steps, { strength: skipped === 0 ? 1 : (timesteps.length + 0.5) / steps, eta: inversion === 'ef-ddpm' ? 1 : 0 })
  const at = timesteps.length
  let drawn = skipped
  return {
    scheduler,
    timesteps,
    latents: trajectory.latents[at] ?? trajectory.latents.at(-1)!,
    noise: () => trajectory.noises?.[drawn++] ?? { data: new Float32Array(trajectory.latents[0]!.data.length), dims: trajectory.latents[0]!.dims },
    ...(isSourceKnown(inversion) ? { knownSource: (stepIndex: number) => trajectory.latents[at - 1 - stepIndex]! } : {}),
  }
}

function negativesOf(start: EditStart, states: EditStates, { emptyShare }: EditChoices): { targetNegative: PromptEmbeds; sourceNegative: PromptEmbeds } {
  if (start.kind === 'inverted' && (start.inversion === 'npi' || start.inversion === 'renoise')) {
    const negative = negativeEmbeds(states.source, states.negative, start.inversion === 'npi' ? emptyShare : 0)
    return { targetNegative: negative, sourceNegative: negative }
  }
  return { targetNegative: states.negative, sourceNegative: states.negative }
}

function blendOf({ words, drawnMask, drawnWords, size: latents }: EditTask, choices: EditChoices, size: MapSize | null): BlendPlan | undefined {
  if (drawnMask) return { kind: 'drawn', mask: drawnMask }
  if (!choices.localBlend || choices.method !== 'p2p' || !words.blend || !size) return undefined
  const painted = drawnWords?.flatMap(({ cells }) => cells.get(`${latents.height}x${latents.width}`) ?? [])
  return {
    kind: 'words', size, words: words.blend, threshold: choices.blendThreshold, start: choices.blendStart,
    ...(painted && painted.length > 0 ? { open: painted[0]!.map((_, i) => Number(painted.some((cells) => cells[i] !== 0))) } : {}),
  }
}

interface MethodInput {
  readonly sites: readonly AttentionSite[]
  readonly rows: EditRows
  readonly numSteps: number
  readonly task: { readonly size: NetSize; readonly words: Pick<WordEdit, 'edit' | 'scale'>; readonly drawnWords?: readonly DrawnWord[] }
  readonly choices: EditChoices
  readonly observe: readonly MapSize[]
}

function methodOf({ sites, rows, numSteps, task, choices, observe }: MethodInput): AttentionMethod {
  switch (choices.method) {
    case 'p2p': {
      const { edit, scale } = task.words
      return promptToPrompt({
        sites,
        rows,
        tokens: task.size.tokens,
        numSteps,
        edit,
        crossTable: crossAttentionTable(numSteps, choices.cross, [], task.size.tokens),
        selfWindow: choices.self,
        selfMaxQueries: choices.selfPixels ** 2,
        observe,
        ...(scale ? { scale } : {}),
        ...(task.drawnWords ? { drawn: { words: task.drawnWords, strength: choices.biasStrength } } : {}),
      })
    }
    case 'masactrl':
      return masaCtrl({ sites, rows, startStep: choices.startStep, ...(choices.startLayer === undefined ? {} : { startLayer: choices.startLayer }), observe })
    case 'pnp':
      return plugAndPlay({ sites, rows, numSteps, observe })
  }
}
