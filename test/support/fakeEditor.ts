/**
 * An engine that edits without painting: a result's bytes say what it was made of, so that two results are equal exactly
 * when picture, mask and parameters were. It stands in for main/engine/index.ts where batches and projects are under
 * test. What a picture's own text says decides how it fares: "broken" is refused as unreadable, "crash" ends the process,
 * "hang" never ends, "fidelity=12" is told as its fidelity, "no colour" makes masks black.
 *
 * PALIMPSEST_FAKE_MS: how long an edit takes. PALIMPSEST_FAKE_LOG: a file that gets a line for each edit begun and ended.
 */
import fs from 'node:fs'
import path from 'node:path'
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { badInput, throwIfCancelled } from '../../main/engine/errors.ts'
import { requestSchemas } from '../../main/engine/requests.ts'
import { Turn } from '../../main/engine/turn.ts'
import type { EnginePort, EngineRunOptions } from '../../main/engine-host/enginePort.ts'

/** Same shape as the real one; the options win over the environment. */
export function createEngine(options: { readonly ms?: number; readonly log?: string } | Record<string, unknown> = {}): EnginePort {
  const ms = Number(options['ms'] ?? process.env['PALIMPSEST_FAKE_MS'] ?? 0)
  const log = options['log'] ?? process.env['PALIMPSEST_FAKE_LOG']
  const note = (what: string, request: Record<string, unknown>): void => {
    if (typeof log === 'string') fs.appendFileSync(log, `${what} ${String(request['task'])} ${path.basename(String(request['image']))}\n`)
  }
  const models = new Turn() // as the real one: one request at a time paints
  return {
    async run(input, run) {
      const schema = requestSchemas[input['task'] as keyof typeof requestSchemas] // an unknown task fails in the next line
      const request = schema.parse(input) as Record<string, unknown>
      note('begin', request)
      const answer = await obey(request, run, { ms, models })
      note('end', request)
      return answer
    },
  }
}

interface Pace {
  readonly ms: number
  readonly models: Turn
}

async function obey(request: Record<string, unknown>, run: EngineRunOptions, pace: Pace): Promise<Record<string, unknown>> {
  const image = readPicture(String(request['image']))
  switch (request['task']) {
    case 'mask': {
      fs.writeFileSync(String(request['out']), `mask of ${digest(image)} by ${String(request['colour'] ?? request['where'])}`)
      return { out: request['out'], whiteShare: image.includes('no colour') ? 0 : 0.25 }
    }
    case 'attention': {
      const maps = path.join(String(request['out']), 'maps.safetensors')
      fs.mkdirSync(String(request['out']), { recursive: true })
      fs.writeFileSync(maps, `maps of ${digest(image)} for ${String(request['prompt'])}`)
      return { maps }
    }
    case 'thumbnail':
    case 'picture':
      fs.writeFileSync(String(request['out']), image)
      return { out: request['out'] }
    default:
      return await edit(request, image, run, pace)
  }
}

async function edit(request: Record<string, unknown>, image: string, run: EngineRunOptions, { ms, models }: Pace): Promise<Record<string, unknown>> {
  if (image.includes('crash')) process.kill(process.pid, 'SIGKILL')
  const { image: _, mask, out, device: __, ...params } = request
  const maskText = typeof mask === 'string' ? digest(readPicture(mask)) : 'none'
  const leave = await models.enter(run.signal)
  try {
    for (let step = 1; step <= 4; step += 1) {
      throwIfCancelled(run.signal)
      await sleep(image.includes('hang') ? 60_000 : ms / 4, undefined, { signal: run.signal }).catch(() => throwIfCancelled(run.signal))
      run.onEvent({ event: 'progress', phase: step < 4 ? 'sample' : 'write', step, steps: 4 })
    }
  } finally {
    leave()
  }
  if (image.includes('warn')) run.onEvent({ event: 'warning', code: 'fake/warning', message: 'The fake editor warns.' })
  const fidelity = /fidelity=(\d+)/.exec(image)?.[1]
  // In two halves, so that a kill can hit between them.
  const text = `edited ${String(request['task'])} ${digest(image)} mask ${maskText} ${JSON.stringify(params)}${fidelity ? ` fidelity=${fidelity}` : ''}${image.includes('no colour') ? ' no colour' : ''}`
  fs.writeFileSync(String(out), text.slice(0, 10))
  await sleep(ms / 8)
  fs.writeFileSync(String(out), text)
  return { out, seed: request['seed'] ?? 42, changedOutside: 0, device: 'cpu', modelHash: 'f'.repeat(64), width: 8, height: 8, ...(fidelity ? { fidelityPsnr: Number(fidelity) } : {}) }
}

function readPicture(file: string): string {
  if (!fs.existsSync(file)) throw badInput('picture/not-found', { thing: file, expected: 'a picture', found: 'nothing at that path' })
  const text = fs.readFileSync(file, 'utf8')
  if (text.includes('broken')) throw badInput('picture/damaged', { thing: file, expected: 'a picture', found: 'a damaged one' })
  return text
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16)
}
