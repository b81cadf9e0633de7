/**
 * Brush, pan, zoom and memory of the canvas in a real Chromium without a graphics card: a 24-megapixel photograph with
 * nine layers painted on a third of their tiles, window 1600 x 1000, 500 strokes of real input at three zooms.
 *
 *     node scripts/run.mjs scripts/bench/canvas.ts [--strokes 500]
 *
 * Times run from the browser's own time stamp of an input event to the end of the frame that shows it, as the page's
 * main thread sees it: a task queued from the frame's callbacks, which can only run once the frame has been painted.
 */
import { readFileSync } from 'node:fs'
import os from 'node:os'
import { parseArgs } from 'node:util'
import type { Browser, CDPSession } from 'playwright-core'
import { CanvasPage, findChromium, launchChromium } from '../../test/support/canvasPage.ts'
import { METER, at, table } from './meter.ts'

const { values } = parseArgs({ options: { strokes: { type: 'string', default: '500' } } })
const STROKES = Number(values.strokes)
const ZOOMS = ['editor.fit()', 'editor.zoomTo(1)', 'editor.zoomTo(4)'] as const
const ZOOM_NAMES = ['fit (27 %)', '100 %', '400 %'] as const
const LIMIT_MS = 33
const LIMIT_BYTES = 900 * 2 ** 20
const MOVES = 12

async function main(executable: string): Promise<void> {
  const browser = await launchChromium(executable, ['--enable-precise-memory-info'])
  try {
    const canvas = await CanvasPage.open(browser, { width: 1600, height: 1000 }, { width: 6000, height: 4000, paintLayers: 9, paintedShare: 0.34, mask: true, latencyMs: 3 })
    await canvas.page.evaluate(METER)
    const rows: string[][] = []
    const memory = await new Memory(browser, canvas).start()
    for (const [i, zoom] of ZOOMS.entries()) rows.push(...(await strokesAt(canvas, memory, zoom, ZOOM_NAMES[i]!, Math.ceil(STROKES / ZOOMS.length))))
    for (const [i, zoom] of ZOOMS.entries()) rows.push(await moveAt(canvas, zoom, ZOOM_NAMES[i]!))
    const load = os.loadavg()[0]!
    console.log(`canvas: 6000 x 4000, 9 painted layers, window 1600 x 1000, ${os.cpus().length} cores, load ${load.toFixed(1)}${load > 1 ? ' (busy machine: times do not count)' : ''}`)
    table(['what', 'events', 'median ms', 'p95 ms', 'worst ms', `target p95 <= ${LIMIT_MS}`, 'composed px / event', 'painted px / event'], rows)
    table(['memory', 'MiB', 'target'], memory.rows())
  } finally {
    await browser.close()
  }
}

/** A reproducible scatter of places. */
function scatter(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

/** Two thirds of the strokes on the mask, one third on the topmost paint layer. */
async function strokesAt(canvas: CanvasPage, memory: Memory, zoom: string, name: string, count: number): Promise<string[][]> {
  await canvas.run(zoom)
  const random = scatter(count * 7919 + name.length)
  const rows: string[][] = []
  for (const [tool, title, share] of [['mask-brush', 'mask brush', 2 / 3], ['paint', 'paint brush', 1 / 3]] as const) {
    await canvas.run(`editor.setTool('${tool}', { layer: 10, colour: '#e03020', brush: { ...editor.toolOptions.brush, size: 80 } })`)
    await canvas.idle()
    await canvas.run('meter.take()')
    const before = await stats(canvas)
    for (let i = 0; i < Math.round(count * share); i++) {
      await stroke(canvas, random)
      if (i % 20 === 19) await memory.sample()
    }
    await canvas.idle()
    rows.push(row(`${title}, ${name}`, await canvas.run<number[]>('meter.take()'), before, await stats(canvas)))
  }
  return rows
}

async function stroke({ page }: CanvasPage, random: () => number): Promise<void> {
  let [x, y, angle] = [150 + 1300 * random(), 150 + 700 * random(), 2 * Math.PI * random()]
  await page.mouse.move(x, y)
  await page.mouse.down()
  for (let i = 0; i < MOVES; i++) {
    angle += random() - 0.5
    x = Math.min(1590, Math.max(10, x + 18 * Math.cos(angle)))
    y = Math.min(990, Math.max(10, y + 18 * Math.sin(angle)))
    await page.mouse.move(x, y)
  }
  await page.mouse.up()
}

/** Drags and wheel steps around a zoom. */
async function moveAt(canvas: CanvasPage, zoom: string, name: string): Promise<string[]> {
  const { page } = canvas
  await canvas.run(`(editor.setTool('hand'), ${zoom})`)
  await canvas.idle()
  await canvas.run('meter.take()')
  const before = await stats(canvas)
  for (let round = 0; round < 4; round++) {
    await page.mouse.move(800, 500)
    await page.mouse.down()
    for (let i = 1; i <= 20; i++) await page.mouse.move(800 + (round % 2 === 0 ? 18 : -18) * i, 500 + 9 * i)
    await page.mouse.up()
    for (let i = 0; i < 10; i++) await page.mouse.wheel(0, round % 2 === 0 ? -60 : 60)
  }
  await canvas.idle()
  return row(`pan and zoom, ${name}`, await canvas.run<number[]>('meter.take()'), before, await stats(canvas))
}

type Stats = Record<'composedPixels' | 'paintedPixels' | 'tileBytes' | 'composedBytes' | 'stageBytes' | 'tilesEvicted', number>

function stats(canvas: CanvasPage): Promise<Stats> {
  return canvas.run<Stats>('editor.stats')
}

function row(what: string, times: number[], before: Stats, after: Stats): string[] {
  const per = (key: 'composedPixels' | 'paintedPixels'): string => Math.round((after[key] - before[key]) / times.length).toLocaleString('en')
  return [what, String(times.length), at(times, 0.5).toFixed(1), at(times, 0.95).toFixed(1), at(times, 1).toFixed(1), at(times, 0.95) <= LIMIT_MS ? 'kept' : 'MISSED', per('composedPixels'), per('paintedPixels')]
}

/** Memory over the strokes: heap and canvas bytes of the page, and what the system says of its process. */
class Memory {
  readonly #browser: Browser
  readonly #canvas: CanvasPage
  #evicted = 0
  readonly #samples: { total: number; heap: number; pixels: number; standIn: number; rss: number | null }[] = []
  #session: CDPSession | null = null

  constructor(browser: Browser, canvas: CanvasPage) {
    this.#browser = browser
    this.#canvas = canvas
  }

  async start(): Promise<this> {
    this.#session = await this.#canvas.page.context().newCDPSession(this.#canvas.page)
    await this.#session.send('HeapProfiler.enable')
    return this
  }

  /** What is held after a collection. What the stand-in for the host keeps is not the canvas' and is taken off. */
  async sample(): Promise<void> {
    await this.#session!.send('HeapProfiler.collectGarbage')
    const { usedSize, backingStorageSize = 0 } = (await this.#session!.send('Runtime.getHeapUsage')) as { usedSize: number; backingStorageSize?: number }
    const { composedBytes, stageBytes, tilesEvicted } = await stats(this.#canvas)
    this.#evicted = tilesEvicted
    const standIn = await this.#canvas.run<number>('host.committedBytes')
    // bytes of tiles are in the backing storage, their pictures are not
    const pictures = await this.#canvas.run<number>('editor.stats.pictureBytes')
    const heap = usedSize + backingStorageSize - standIn
    const pixels = pictures + composedBytes + stageBytes
    this.#samples.push({ total: heap + pixels, heap, pixels, standIn, rss: await this.#resident() })
  }

  rows(): string[][] {
    const mib = (bytes: number | null | undefined): string => (bytes === null || bytes === undefined ? 'unknown' : (bytes / 2 ** 20).toFixed(0))
    const [early, last] = [this.#samples[Math.min(4, this.#samples.length - 1)], this.#samples.at(-1)]
    if (!early || !last) return []
    const most = this.#samples.reduce((one, other) => (other.total > one.total ? other : one))
    return [
      ['most: heap and buffers', mib(most.heap), ''], ['most: canvases', mib(most.pixels), ''],
      ['most together', mib(most.total), most.total <= LIMIT_BYTES ? '<= 900 kept' : '<= 900 MISSED'],
      ['from the 100th stroke to the last', mib(last.total - early.total), 'no growth beyond the cache budgets'],
      ['process (resident), last', mib(last.rss), 'reported'], ['stand-in host, taken off', mib(last.standIn), ''],
      ['tiles given up out of sight', String(this.#evicted), 'a number, not MiB'],
    ]
  }

  async #resident(): Promise<number | null> {
    try {
      const session = await this.#browser.newBrowserCDPSession()
      const { processInfo } = (await session.send('SystemInfo.getProcessInfo')) as { processInfo: { type: string; id: number }[] }
      await session.detach()
      const sizes = processInfo.filter(({ type }) => type === 'renderer').map(({ id }) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) * 1024)
      return Math.max(...sizes)
    } catch {
      return null // only Linux tells
    }
  }
}

const chromium = findChromium()
if (!chromium) {
  console.log('The canvas cannot be measured: no Chromium was found; install one or set PALIMPSEST_CHROMIUM.')
  process.exit(0)
}
await main(chromium)
