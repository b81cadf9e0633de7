/**
 * The engine: a plain Node library. Give it folders, ask it for tasks. It knows no windows, no database, no
 * global state; what it needs comes as arguments.
 */
import path from 'node:path'
import { badInput, unreachable } from './errors.ts'
import { ModelStore } from './families/modelStore.ts'
import { attentionMaps } from './pipelines/attentionMaps.ts'
import type { RunContext } from './pipelines/context.ts'
import { describePicture } from './pipelines/describe.ts'
import { devices } from './pipelines/devices.ts'
import { runDocumentTask } from './pipelines/documentTasks.ts'
import { evaluate } from './pipelines/evaluate.ts'
import { imageToImage } from './pipelines/imageToImage.ts'
import { inpaint } from './pipelines/inpaint.ts'
import { invert } from './pipelines/invert.ts'
import { LoadedCheckpoint } from './pipelines/loadedCheckpoint.ts'
import { makeMask } from './pipelines/makeMask.ts'
import { models as listModels } from './pipelines/models.ts'
import { outpaint } from './pipelines/outpaint.ts'
import { predict } from './pipelines/predict.ts'
import { promptWords } from './pipelines/promptWords.ts'
import { runRawNet, showGraph } from './pipelines/rawNet.ts'
import { remove } from './pipelines/remove.ts'
import { showRecipe } from './pipelines/show.ts'
import { SpeedBook } from './pipelines/speed.ts'
import { swap } from './pipelines/swap.ts'
import { textToImage } from './pipelines/textToImage.ts'
import { writeAnew } from './pipelines/writeAnew.ts'
import { requestSchema, WAIT_PHASE, type EngineEvent, type EngineRequest, type EngineResult } from './requests.ts'
import { chooseDevice } from './runtime/device.ts'
import { refuseInt8 } from './runtime/int8SelfTest.ts'
import { Turn } from './turn.ts'

/** Where the engine finds and keeps things. All paths absolute. */
export interface EngineOptions {
  /** the checkpoints that come with the program; read only */
  readonly bundledModels: string
  /** what must not be lost: the list of added models */
  readonly dataDir: string
  /** converted weights, verdicts, speeds; may be deleted at any time */
  readonly cacheDir: string
  /** most bytes of converted weights kept on disk; default 20 GiB */
  readonly weightCacheBytes?: number
}

/** How a run is watched and stopped. */
export interface RunOptions {
  readonly signal?: AbortSignal
  readonly onEvent?: (event: EngineEvent) => void
}

/** The engine's whole surface. */
export interface Engine {
  /**
   * Checks and runs one request. Requests may be given side by side: one at a time has the models, in order; the others
   * read and write their files meanwhile. A result never depends on its neighbours. @throws EngineError
   */
  run(request: unknown, options?: RunOptions): Promise<EngineResult>
  /** Frees loaded models; the next run loads them again. */
  unload(): Promise<void>
  /** Frees everything. */
  dispose(): Promise<void>
}

/** How many checkpoints keep their nets between runs. */
const KEEP_CHECKPOINTS = 2

/** Makes an engine. Nothing is loaded before the first run. */
export function createEngine(options: EngineOptions): Engine {
  const store = new ModelStore({ bundledRoot: options.bundledModels, dataDir: options.dataDir })
  const speed = new SpeedBook(options.cacheDir)
  const weightCache = { dir: path.join(options.cacheDir, 'weights'), maxBytes: options.weightCacheBytes ?? 20 * 2 ** 30 }
  /** in order of use, the last used last */
  const loaded = new Map<string, LoadedCheckpoint>()
  const models = new Turn()

  async function release(which: (key: string) => boolean): Promise<void> {
    for (const [key, checkpoint] of [...loaded]) {
      if (!which(key)) continue
      loaded.delete(key)
      await checkpoint.dispose()
    }
  }

  function contextFor(run: RunOptions): RunContext & { end(): void } {
    const emit = run.onEvent ?? (() => {})
    let leave: (() => void) | undefined
    const takeTurn = async (): Promise<void> => {
      if (models.taken) emit({ event: 'progress', phase: WAIT_PHASE, step: 0, steps: 0 })
      leave = await models.enter(run.signal)
    }
    return {
      store,
      speed,
      signal: run.signal,
      emit,
      cacheDir: options.cacheDir,
      async checkpoint(model, choice) {
        if (!leave) await takeTurn()
        const opened = await store.open(model, choice.configDir === undefined ? {} : { configDir: choice.configDir })
        for (const note of opened.notes) emit({ event: 'warning', code: 'model/note', message: note })
        const device = await chooseDevice(choice.device, { cacheDir: options.cacheDir })
        if (device.note) emit({ event: 'warning', code: 'device/fallback', message: device.note })
        const refusal = choice.fast ? await refuseInt8(device.name) : null
        if (refusal !== null) emit({ event: 'warning', code: 'device/fast', message: refusal })
        const fast = choice.fast && refusal === null
        const key = `${opened.path} ${opened.hash} ${device.name} ${fast}`
        let checkpoint = loaded.get(key)
        loaded.delete(key)
        if (!checkpoint) {
          checkpoint = new LoadedCheckpoint(opened, { device: device.name, fused: device.fusedAttention, fast, weightCache, speed })
        }
        checkpoint.onLoad = loadEvents(emit)
        checkpoint.signal = run.signal
        loaded.set(key, checkpoint)
        const tooMany = [...loaded.keys()].slice(0, Math.max(0, loaded.size - KEEP_CHECKPOINTS))
        await release((other) => tooMany.includes(other))
        return checkpoint
      },
      async makeRoom(keep) {
        await release((key) => loaded.get(key) !== keep)
      },
      leaveModels(checkpoint) {
        const ran = checkpoint.handOver()
        leave?.()
        return ran
      },
      end: () => leave?.(),
    }
  }

  return {
    async run(input, run = {}) {
      const request = checkRequest(input)
      const context = contextFor(run)
      try {
        return await dispatch(context, request)
      } finally {
        context.end()
      }
    },
    unload: () => release(() => true),
    dispose: () => release(() => true),
  }
}

/** Tells each component that is loaded, and whole tenths of a conversion: a checkpoint has hundreds of tensors. */
function loadEvents(emit: (event: EngineEvent) => void): LoadedCheckpoint['onLoad'] {
  let last = ''
  return (component, share) => {
    const tenth = share === undefined ? 0 : Math.floor(share * 10)
    const now = `${component} ${share === undefined ? 'open' : tenth}`
    if (now === last) return
    last = now
    emit({ event: 'progress', phase: `load ${component}`, step: tenth, steps: share === undefined ? 0 : 10 })
  }
}

function checkRequest(input: unknown): EngineRequest {
  const parsed = requestSchema.safeParse(input)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw badInput('input/request', { thing: issue?.path.join('.') || 'request', expected: 'a value that fits the task', found: issue?.message ?? 'another' })
}

function dispatch(context: RunContext, request: EngineRequest): Promise<EngineResult> {
  switch (request.task) {
    case 'txt2img':
      return textToImage(context, request)
    case 'img2img':
      return imageToImage(context, request)
    case 'inpaint':
      return inpaint(context, request)
    case 'outpaint':
      return outpaint(context, request)
    case 'remove':
      return remove(context, request)
    case 'describe':
      return describePicture(context, request)
    case 'net':
      return runRawNet(context, request)
    case 'graph':
      return showGraph(context, request)
    case 'models':
      return listModels(context, request)
    case 'devices':
      return devices(context, request)
    case 'show':
      return showRecipe(request)
    case 'predict':
      return predict(context, request)
    case 'invert':
      return invert(context, request)
    case 'swap':
      return swap(context, request)
    case 'attention':
      return attentionMaps(context, request)
    case 'evaluate':
      return evaluate(context, request)
    case 'mask':
      return makeMask(context, request)
    case 'picture':
      return writeAnew(context, request)
    case 'words':
      return promptWords(context, request)
    case 'inspect':
    case 'tiles':
    case 'compose':
    case 'patch':
    case 'thumbnail':
    case 'mask-edit':
    case 'select':
    case 'difference':
      return runDocumentTask(context, request)
    default:
      return unreachable(request, 'the task list')
  }
}
