/**
 * The served editor in a real Chromium: how long a start takes to a usable window and to a usable canvas, and how smoothly
 * the History panel scrolls over a project of ten thousand steps.
 *
 *     node scripts/run.mjs scripts/bench/window.ts [--starts 5] [--operations 10000]
 *
 * A start is warm: the window is built, its files have been read, the browser runs and has an empty page open. It counts
 * from the start of the process to the frame in which the first button can be pressed; the sample from the click to the frame in which the
 * picture is on the canvas.
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import type { Browser, Page } from 'playwright-core'
import type { LayerId } from '../../main/history/ids.ts'
import { newLayer } from '../../main/history/layers.ts'
import { createProject } from '../../main/history/openProject.ts'
import { type ServedEditor, buildWindow, serveEditor } from '../../test/e2e/served/servedEditor.ts'
import { findChromium, launchChromium } from '../../test/support/canvasPage.ts'
import { METER, at, table } from './meter.ts'

const { values } = parseArgs({ options: { starts: { type: 'string', default: '5' }, operations: { type: 'string', default: '10000' } } })
const STARTS = Number(values.starts)
const OPERATIONS = Number(values.operations)
const LIMIT_START_MS = 1500
const LIMIT_FRAME_MS = 33
const PROJECT = 'Long history'

async function main(executable: string): Promise<void> {
  await buildWindow()
  const browser = await launchChromium(executable)
  try {
    const rows: string[][] = []
    await start(browser) // once for the caches
    const starts = []
    for (let i = 0; i < STARTS; i++) starts.push(await start(browser))
    rows.push(row('process to address', starts.map(({ address }) => address)), row('process to usable window', starts.map(({ usable }) => usable), LIMIT_START_MS), row('click on the sample to its picture', starts.map(({ picture }) => picture)))
    rows.push(await history(browser))
    const load = os.loadavg()[0]!
    console.log(`served editor, window 1440 x 900, ${os.cpus().length} cores, load ${load.toFixed(1)}${load > 1 ? ' (busy machine: times do not count)' : ''}`)
    table(['what', 'n', 'median ms', 'p95 ms', 'worst ms', 'target'], rows)
  } finally {
    await browser.close()
  }
}

/** One start of the host in a page of its own; milliseconds. */
async function start(browser: Browser): Promise<{ address: number; usable: number; picture: number }> {
  const page = await openPage(browser)
  const since = performance.now()
  const served = await serveEditor()
  const address = performance.now() - since
  try {
    await page.goto(served.url, { waitUntil: 'commit' })
    const sample = page.getByRole('button', { name: /sample/i }).first()
    await sample.waitFor()
    await painted(page)
    const usable = performance.now() - since
    const clicked = performance.now()
    await sample.click()
    await page.waitForFunction(PICTURE_SHOWS, undefined, { polling: 'raf', timeout: 30_000 })
    return { address, usable, picture: performance.now() - clicked }
  } finally {
    await page.context().close()
    await served.close()
  }
}

/** Every tool can be taken and the middle of the canvas shows a pixel. */
const PICTURE_SHOWS = `(() => {
  const canvas = document.querySelector('.canvas canvas')
  if (!canvas || canvas.width < 2 || !document.querySelector('.hud')) return false
  return canvas.getContext('2d').getImageData(canvas.width >> 1, canvas.height >> 1, 1, 1).data[3] === 255
})()`

/** Scrolls the list of a long history by wheel and by dragging its bar. */
async function history(browser: Browser): Promise<string[]> {
  const served = await serveEditor()
  const page = await openPage(browser)
  try {
    makeProject(path.join(served.home, 'projects', PROJECT), OPERATIONS)
    await openHistory(page, served)
    await page.evaluate(METER)
    const box = (await page.locator('.ui-virtual').boundingBox())!
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2)
    for (let i = 0; i < 120; i++) await page.mouse.wheel(0, (i % 60 < 40 ? 1 : -1) * (i % 3 === 0 ? 600 : 120))
    for (let i = 0; i < 30; i++) {
      await page.locator('.ui-virtual').evaluate((list, share) => void (list.scrollTop = share * list.scrollHeight), ((i * 7) % 30) / 30)
      await painted(page)
    }
    const times = await page.evaluate<number[]>('meter.take()')
    const shown = await page.locator('.ui-virtual .step').count()
    if (shown === 0) throw new Error('the list showed no rows after scrolling')
    return row(`history of ${OPERATIONS.toLocaleString('en')}: scroll to painted frame`, times, LIMIT_FRAME_MS)
  } finally {
    await page.context().close()
    await served.close()
  }
}

async function openHistory(page: Page, served: ServedEditor): Promise<void> {
  await page.goto(served.url)
  await page.getByRole('button', { name: new RegExp(PROJECT) }).first().click()
  await page.getByRole('tab', { name: 'History' }).click()
  await page.locator('.history-head').getByText(`${OPERATIONS.toLocaleString('en')} steps`).waitFor({ timeout: 60_000 })
  await page.locator('.ui-virtual .step').first().waitFor()
}

/** A project of strokes and layer changes, with branches, without a picture that would have to be decoded. */
function makeProject(folder: string, operations: number): void {
  fs.mkdirSync(path.dirname(folder), { recursive: true })
  const project = createProject(folder, PROJECT)
  const { document } = project.createDocument({
    name: PROJECT, kind: 'open', title: 'New picture', canvas: { width: 1024, height: 768, extra: {} },
    layers: [newLayer({ id: project.newLayerId(), kind: 'paint', name: 'Paint', position: 0, pixels: null })],
  })
  const paint = 1 as LayerId // the project's first layer
  for (let index = 1; index < operations; index++) {
    if (index % 3 === 0) {
      const bytes = new Uint8Array(256 * 256 * 4).fill(index % 251, 0, 40_000)
      project.commitOperation(document, { kind: 'stroke', title: 'Brush', tiles: [{ layer: paint, plane: 'pixels', x: index % 4, y: index % 3, pixels: { format: 'rgba8', bytes } }] })
    } else {
      const layer = project.state(document).layers.get(paint)!
      project.commitOperation(document, { kind: 'layer', title: 'Opacity', layers: [{ ...layer, opacity: (index % 100) / 100 }] })
    }
    if (index % 500 === 499) for (let back = 0; back < 20; back++) project.undo(document)
  }
  project.close()
}

async function openPage(browser: Browser): Promise<Page> {
  // waiting for a picture is a script of ours, which the page's own policy forbids
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, bypassCSP: true })
  return context.newPage()
}

function painted(page: Page): Promise<void> {
  return page.evaluate('new Promise((done) => requestAnimationFrame(() => setTimeout(done)))')
}

function row(what: string, times: readonly number[], limit?: number): string[] {
  return [what, String(times.length), at(times, 0.5).toFixed(1), at(times, 0.95).toFixed(1), at(times, 1).toFixed(1), limit === undefined ? '' : `<= ${limit} ${at(times, 0.95) <= limit ? 'kept' : 'MISSED'}`]
}

const chromium = findChromium()
if (!chromium) {
  console.log('The window cannot be measured: no Chromium was found; install one or set PALIMPSEST_CHROMIUM.')
  process.exit(0)
}
await main(chromium)
