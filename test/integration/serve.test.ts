/**
 * The served host as a person meets it: the command line in a process of its own, a real WebSocket, the real engine with
 * the starter. Nothing is said about what a picture shows, only about what must hold whatever the weights are.
 */
import fs from 'node:fs'
import path from 'node:path'
import { type ChildProcess, spawn } from 'node:child_process'
import { afterAll, describe, expect, it } from 'vitest'
import type { Job } from '../../preload/contract/edits.ts'
import { createEngine } from '../../main/engine/index.ts'
import { palimpsestPaths, programRoot } from '../../main/paths.ts'
import { scratchFolder, whiteBox } from '../support/hostRig.ts'
import { type WireClient, connectWire, request } from '../support/wireClient.ts'

const home = scratchFolder()
const children: ChildProcess[] = []
afterAll(() => children.forEach((child) => child.kill('SIGKILL')))

interface Running {
  readonly child: ChildProcess
  readonly url: string
  readonly ended: Promise<number | null>
}

/** `palimpsest serve` with the window of this test. */
async function start(): Promise<Running> {
  for (const [name, text] of [['renderer/index.html', '<html><head></head></html>'], ['bridge.js', '']] as const) {
    fs.mkdirSync(path.dirname(path.join(home, name)), { recursive: true })
    fs.writeFileSync(path.join(home, name), text)
  }
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(programRoot, 'main', 'cli', 'index.ts'), 'serve', '--json', '--no-open', '--root', path.join(home, 'projects')], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PALIMPSEST_HOME: path.join(home, 'data'), PALIMPSEST_WINDOW: path.join(home, 'renderer'), PALIMPSEST_BRIDGE: path.join(home, 'bridge.js') },
  })
  children.push(child)
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
  let [out, said] = ['', '']
  child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text))
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout!.setEncoding('utf8').on('data', (text: string) => {
      out += text
      const line = out.split('\n').find((one) => one.includes('"serving"'))
      if (line) resolve((JSON.parse(line) as { url: string }).url)
    })
    child.once('exit', (code) => reject(new Error(`ended with ${code}: ${said}`)))
  })
  return { child, url, ended }
}

/** Runs a job to its end. */
async function done(client: WireClient, begin: () => Promise<{ job: string }>): Promise<Job> {
  const jobs: Job[] = []
  let wake = (): void => undefined
  const listen = client.next('job.changed', ({ job }) => {
    jobs.push(job)
    wake()
    return false
  })
  void listen
  const { job } = await begin()
  for (;;) {
    const state = jobs.find((one) => one.job === job && one.endedAt !== null)
    if (state) return state
    await new Promise<void>((resolve) => (wake = resolve))
  }
}

async function saved(client: WireClient, which: { project: string; document: number }, name: string): Promise<string> {
  const { target } = await client.call('files.download', { name })
  await client.call('document.export', { ...which, target, format: { type: 'png' } })
  const { bytes, size } = await client.call('files.fetch', { target, offset: 0 })
  expect(bytes.length).toBe(size)
  const file = path.join(home, name)
  fs.writeFileSync(file, bytes)
  return file
}

const SMALL = { steps: 2, guidance: 1, seed: 11 }

describe('the served host', () => {
  it('takes a picture from opening over masking, filling, accepting and undoing to the export, and ends with Ctrl-C', async () => {
    const { child, url, ended } = await start()
    const client = await connectWire(url)
    const { project } = await client.call('projects.create', { name: 'Walk' })
    const opened = await client.call('documents.create', { project, sample: true })
    const which = { project, document: opened.document }
    const { stroke, layer } = await client.call('stroke.begin', { ...which, start: { layer: null, plane: 'pixels', title: 'Mask brush', tool: 'brush' } })
    await client.call('stroke.save', { ...which, stroke, tiles: [{ x: 0, y: 0, bytes: whiteBox(100, 90, 40, 40) }] })
    await client.call('stroke.commit', { ...which, stroke, start: { layer, plane: 'pixels', title: 'Mask brush', tool: 'brush' }, tiles: [] })
    const before = await saved(client, which, 'before.png')

    const filled = await done(client, () => client.call('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a red cat', sampling: SMALL } }))
    expect(filled).toMatchObject({ state: 'done', error: null })
    expect(client.received.some((message) => message.type === 'event' && message.event === 'job.preview')).toBe(true)
    const { edits } = await client.call('staging.list', which)
    expect(edits[0]!.results[0]!.changedOutside).toBe(0)
    const accepted = await client.call('staging.accept', { ...which, operation: edits[0]!.operation, ordinals: [0] })
    expect(accepted.layers.map(({ kind }) => kind)).toEqual(['image', 'edit-result', 'mask'])
    const after = await saved(client, which, 'after.png')

    // the program's own default: the mask grows by 4, is softened by 4 and blended over a ring of 8
    const engine = createEngine({ bundledModels: palimpsestPaths().bundledModels, dataDir: path.join(home, 'own'), cacheDir: path.join(home, 'own') })
    const found = await engine.run({ task: 'difference', a: before, b: after })
    const box = found['box'] as { x: number; y: number; width: number; height: number }
    expect(found['changedPixels']).toBeGreaterThan(0)
    expect(box.x).toBeGreaterThanOrEqual(100 - 16)
    expect(box.y).toBeGreaterThanOrEqual(90 - 16)
    expect(box.x + box.width).toBeLessThanOrEqual(140 + 16)
    expect(box.y + box.height).toBeLessThanOrEqual(130 + 16)

    await client.call('history.undo', which)
    const undone = await saved(client, which, 'undone.png')
    expect(await engine.run({ task: 'difference', a: before, b: undone })).toMatchObject({ changedPixels: 0 })
    await engine.dispose()
    client.close()
    child.kill('SIGINT')
    expect(await ended).toBe(0)
    await expect(request(url)).rejects.toThrow()
  }, 120_000)

  it('tells that the engine died under a run, keeps the document, and does the run again', async () => {
    const { child, url, ended } = await start()
    const client = await connectWire(url)
    const { project } = await client.call('projects.create', { name: 'Died' })
    const { document } = await client.call('documents.create', { project, sample: true })
    const which = { project, document }
    const brushed = await client.call('stroke.commit', { ...which, stroke: null, start: { layer: null, plane: 'pixels', title: 'Mask', tool: 'brush' }, tiles: [{ x: 0, y: 0, bytes: whiteBox(100, 90, 40, 40) }] })
    const sampling = client.next('job.changed', ({ job }) => job.phase === 'sample' && job.step > 0)
    const run = client.call('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a red cat', sampling: { ...SMALL, steps: 500 } } })
    await sampling
    const over = client.next('job.changed', ({ job }) => job.endedAt !== null)
    // the engine that samples is the one started last
    const engines = fs.readFileSync(path.join(home, 'data', 'palimpsest.log'), 'utf8').split('\n').flatMap((line) => / engine (\d+) started/.exec(line)?.[1] ?? [])
    process.kill(Number(engines.at(-1)), 'SIGKILL')
    expect((await over).job).toMatchObject({ state: 'failed', error: { code: 'process/stopped' } })
    expect((await client.call('documents.open', which)).head).toBe(brushed.head)
    const { job } = await run
    const retried = client.next('job.changed', ({ job: state }) => state.job !== job && state.phase === 'sample')
    const again = await client.call('jobs.retry', { job })
    await retried
    await client.call('jobs.cancel', { job: again.job })
    client.close()
    child.kill('SIGINT')
    expect(await ended).toBe(0)
  }, 120_000)

  it('killed in the middle of a stroke offers it again after the next start', async () => {
    const first = await start()
    const client = await connectWire(first.url)
    const { project } = await client.call('projects.create', { name: 'Killed' })
    const { document, head } = await client.call('documents.create', { project, sample: true })
    const which = { project, document }
    const { stroke } = await client.call('stroke.begin', { ...which, start: { layer: null, plane: 'pixels', title: 'Brush', tool: 'brush' } })
    await client.call('stroke.save', { ...which, stroke, tiles: [{ x: 0, y: 0, bytes: whiteBox(1, 2, 3, 4) }] })
    await new Promise((resolve) => setTimeout(resolve, 2000)) // what is promised: two seconds
    first.child.kill('SIGKILL')
    await first.ended
    const second = await start()
    const back = await connectWire(second.url)
    const { ref } = (await back.call('projects.list', {})).projects.find(({ name }) => name === 'Killed')!
    const opened = await back.call('projects.open', { ref })
    expect(opened.notices.length).toBeGreaterThan(0)
    const { strokes } = await back.call('stroke.recovered', { project: opened.project })
    expect(strokes).toMatchObject([{ title: 'Brush', document }])
    expect((await back.call('documents.open', { project: opened.project, document })).head).toBe(head)
    const restored = await back.call('stroke.restore', { project: opened.project, document, stroke: strokes[0]!.stroke })
    const { tiles } = await back.call('tiles.read', { project: opened.project, document, tiles: [{ layer: restored.activeMask!, plane: 'pixels', level: 0, x: 0, y: 0 }] })
    expect(tiles[0]!.bytes!.reduce((sum, value) => sum + value / 255, 0)).toBe(12)
    back.close()
    second.child.kill('SIGTERM')
    expect(await second.ended).toBe(0)
  }, 60_000)
})
