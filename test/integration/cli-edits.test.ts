/** Editing pictures through the command line with the real engine and a tiny checkpoint. */
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../main/cli/index.ts'
import type { JobRunner } from '../../main/cli/runJob.ts'
import { createEngine } from '../../main/engine/index.ts'
import type { Engine } from '../../main/engine/index.ts'
import { palimpsestPaths } from '../../main/paths.ts'
import { makeRunCheckpoint } from '../support/runFixtures.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const width = 96
const height = 72
/** what is white in the mask: x, y, width, height */
const box = { left: 40, top: 24, width: 20, height: 16 }
let folder = ''
let engine: Engine

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-edits-'))
  engine = createEngine({ bundledModels: path.join(root, 'models'), dataDir: at('home'), cacheDir: at('home', 'cache') })
  makeRunCheckpoint(folder, 'sd1')
  const pixels = Buffer.alloc(width * height * 3)
  for (let i = 0; i < width * height; i += 1) pixels.set([(i % width) * 2, Math.floor(i / width) * 3, (i * 7) % 251], i * 3)
  await sharp(pixels, { raw: { width, height, channels: 3 } }).png().toFile(at('picture.png'))
  const mask = { create: { width, height, channels: 3 as const, background: 'black' } }
  const white = await sharp({ create: { width: box.width, height: box.height, channels: 3, background: 'white' } }).png().toBuffer()
  await sharp(mask).composite([{ input: white, left: box.left, top: box.top }]).png().toFile(at('mask.png'))
  await sharp(mask).png().toFile(at('black.png'))
  await sharp(at('mask.png')).resize(width / 2, height / 2).png().toFile(at('small-mask.png'))
  writeFileSync(at('empty.png'), '')
  writeFileSync(at('text.png'), 'this is not a picture')
  writeFileSync(at('cut.png'), readFileSync(at('picture.png')).subarray(0, 400))
  writeFileSync(at('old.ckpt'), Buffer.from([0x80, 2, 0x7d, 0x71]))
  const cut = at('cut-model')
  mkdirSync(cut)
  for (const name of readdirSync(at('tiny-sd1'))) sharpless(at('tiny-sd1', name), path.join(cut, name))
  truncateSync(path.join(cut, 'unet', 'diffusion_pytorch_model.safetensors'), 5000)
})
afterAll(async () => {
  await engine.dispose()
  rmSync(folder, { recursive: true, force: true })
})

function at(...names: string[]): string {
  return path.join(folder, ...names)
}

function sharpless(from: string, to: string): void {
  mkdirSync(path.dirname(to), { recursive: true })
  const isFolder = readdirSync(path.dirname(from), { withFileTypes: true }).find((entry) => entry.name === path.basename(from))?.isDirectory()
  if (!isFolder) return writeFileSync(to, readFileSync(from))
  for (const name of readdirSync(from)) sharpless(path.join(from, name), path.join(to, name))
}

interface Said { code: number; out: string; err: string; result: Record<string, unknown> }

/** An engine in this process: what the engine process adds is tested in cli-process and in the first test below. */
const inThisProcess: JobRunner = ({ request }, _around, printer) => engine.run(request, { onEvent: (event) => printer.event(event) }).then((result) => ({ ...result }))

/** The command line in this process, called in the folder of the pictures. */
async function palimpsest(...args: string[]): Promise<Said> {
  return await palimpsestOn(inThisProcess, ...args)
}

async function palimpsestOn(runner: JobRunner | undefined, ...args: string[]): Promise<Said> {
  let out = ''
  let err = ''
  const streams = { stdout: { write: (text: string) => (out += text) }, stderr: { write: (text: string) => (err += text) } }
  const env = { PALIMPSEST_HOME: at('home') }
  const code = await main(args, { env, callerFolder: folder, paths: palimpsestPaths({ env }), streams, debug: false, unicode: true }, runner)
  const last = args.includes('--json') ? (JSON.parse(out.trimEnd().split('\n').at(-1) ?? '{}') as Record<string, unknown>) : {}
  return { code, out, err, result: last }
}

const sampling = ['--model', './tiny-sd1', '--prompt', 'a red cat', '--steps', '3', '--device', 'cpu']

async function samples(file: string): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp(at(file)).removeAlpha().raw().toBuffer({ resolveWithObject: true })
  return { data, width: info.width, height: info.height }
}

/** Pixels in which two pictures differ, as a box and a count; `shift` moves the first one. */
async function difference(a: string, b: string, shift = { x: 0, y: 0 }): Promise<{ count: number; left: number; top: number; right: number; bottom: number }> {
  const [one, two] = [await samples(a), await samples(b)]
  const found = { count: 0, left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity }
  for (let y = 0; y < one.height; y += 1) {
    for (let x = 0; x < one.width; x += 1) {
      const i = (y * one.width + x) * 3
      const j = ((y + shift.y) * two.width + x + shift.x) * 3
      if (one.data.compare(two.data, j, j + 3, i, i + 3) === 0) continue
      found.count += 1
      found.left = Math.min(found.left, x)
      found.top = Math.min(found.top, y)
      found.right = Math.max(found.right, x)
      found.bottom = Math.max(found.bottom, y)
    }
  }
  return found
}

describe('a seed', () => {
  it('that was drawn is reported and gives the same bytes again; the next seed gives others', async () => {
    const first = await palimpsestOn(undefined, 'txt2img', ...sampling, '--size', '64x64', '--out', 'first.png', '--json')
    expect(first).toMatchObject({ code: 0, err: '' })
    const seed = Number(first.result['seed'])
    expect(Number.isSafeInteger(seed)).toBe(true)
    await palimpsest('txt2img', ...sampling, '--size', '64x64', '--seed', String(seed), '--out', 'again.png')
    expect(readFileSync(at('again.png')).equals(readFileSync(at('first.png')))).toBe(true)
    const two = await palimpsest('txt2img', ...sampling, '--size', '64x64', '--seed', String(seed), '--count', '2', '--out', 'two.png', '--json')
    expect((two.result['pictures'] as { seed: number }[]).map((picture) => picture.seed)).toEqual([seed, seed + 1])
    expect((await difference('first.png', 'two-1.png')).count).toBe(0)
    expect((await difference('first.png', 'two-2.png')).count).toBeGreaterThan(1000)
  })
})

describe('inpaint', () => {
  it('changes nothing beyond the mask and its ring, and says that it has checked', async () => {
    const { code, result } = await palimpsest('inpaint', ...sampling, '--image', 'picture.png', '--mask', 'mask.png', '--grow', '2', '--feather', '3', '--ring', '6', '--seed', '1', '--out', 'inpainted.png', '--json')
    expect({ code, outside: result['changedOutside'] }).toEqual({ code: 0, outside: 0 })
    const changed = await difference('picture.png', 'inpainted.png')
    const margin = 2 + 3 + 6
    expect(changed.count).toBeGreaterThan(box.width * box.height * 0.9)
    expect(changed.left).toBeGreaterThanOrEqual(box.left - margin)
    expect(changed.top).toBeGreaterThanOrEqual(box.top - margin)
    expect(changed.right).toBeLessThan(box.left + box.width + margin)
    expect(changed.bottom).toBeLessThan(box.top + box.height + margin)
  })

  it('embeds a recipe that show prints, unless told not to', async () => {
    const edit = ['inpaint', ...sampling, '--image', 'picture.png', '--mask', 'mask.png', '--seed', '3']
    expect((await palimpsest(...edit, '--out', 'with.png')).code).toBe(0)
    const shown = await palimpsest('show', 'with.png')
    expect(shown.code).toBe(0)
    expect(shown.out).toMatch(/^prompt: a red cat$/m)
    expect(shown.out).toMatch(/^seed: 3$/m)
    expect(shown.out).not.toContain(folder)
    expect((await palimpsest(...edit, '--no-recipe', '--out', 'without.png')).code).toBe(0)
    expect(await palimpsest('show', 'without.png')).toMatchObject({ code: 2, out: '' })
  })

  it('takes a mask of another size only when asked to', async () => {
    const edit = ['inpaint', ...sampling, '--image', 'picture.png', '--mask', 'small-mask.png', '--out', 'resized.png']
    const refused = await palimpsest(...edit)
    expect(refused.code).toBe(2)
    expect(refused.err).toMatch(/Error: .*small-mask\.png: expected .*96.*72.*found .*48.*36.*--resize-mask/)
    expect((await palimpsest(...edit, '--resize-mask')).code).toBe(0)
  })
})

describe('the other edits', () => {
  it('outpaint keeps all of the original unless a ring is asked for', async () => {
    const { code, result } = await palimpsest('outpaint', ...sampling, '--image', 'picture.png', '--left', '16', '--top', '8', '--right', '8', '--out', 'around.png', '--json')
    expect({ code, outside: result['changedOutside'] }).toEqual({ code: 0, outside: 0 })
    expect(await samples('around.png')).toMatchObject({ width: width + 24, height: height + 8 })
    expect((await difference('picture.png', 'around.png', { x: 16, y: 8 })).count).toBe(0)
  })

  it('outpaint with a ring keeps the original beyond its seam', async () => {
    const { code, result } = await palimpsest('outpaint', ...sampling, '--image', 'picture.png', '--left', '16', '--bottom', '8', '--ring', '8', '--out', 'wide.png', '--json')
    expect({ code, outside: result['changedOutside'] }).toEqual({ code: 0, outside: 0 })
    expect(await samples('wide.png')).toMatchObject({ width: width + 16, height: height + 8 })
    const changed = await difference('picture.png', 'wide.png', { x: 16, y: 0 })
    // the seams are the left edge and the bottom edge; all else is the original
    expect(changed.count).toBeLessThan(0.6 * width * height)
    const { data, width: wide } = await samples('wide.png')
    const original = await samples('picture.png')
    const corner = (y: number): number => data.compare(original.data, (y * width + 60) * 3, (y * width + width) * 3, (y * wide + 16 + 60) * 3, (y * wide + 16 + width) * 3)
    for (let y = 0; y < 30; y += 1) expect(corner(y)).toBe(0)
  })

  it('remove needs no model and gives the same picture every time', async () => {
    const remove = ['remove', '--image', 'picture.png', '--mask', 'mask.png']
    expect((await palimpsest(...remove, '--out', 'removed.png')).out).toContain('Samples changed outside the mask: 0.')
    await palimpsest(...remove, '--out', 'removed2.png')
    expect(readFileSync(at('removed2.png')).equals(readFileSync(at('removed.png')))).toBe(true)
    expect((await difference('picture.png', 'removed.png')).count).toBeGreaterThan(100)
  })

  it('img2img strays further from the picture the stronger it is', async () => {
    const distance = async (strength: string): Promise<number> => {
      expect((await palimpsest('img2img', ...sampling, '--steps', '10', '--seed', '4', '--image', 'picture.png', '--size', `${width}x${height}`, '--strength', strength, '--out', `s${strength}.png`)).code).toBe(0)
      return (await palimpsest('show', `s${strength}.png`, '--json')).result['recipe'] === undefined ? NaN : difference('s0.1.png', `s${strength}.png`).then(({ count }) => count)
    }
    expect(await distance('0.1')).toBe(0)
    expect(await distance('0.9')).toBeGreaterThan(0.9 * width * height)
  })

  it('--predict says time and memory and runs nothing', async () => {
    const { code, out } = await palimpsest('txt2img', ...sampling, '--out', 'never.png', '--predict')
    expect(code).toBe(0)
    expect(out).toMatch(/^About [\d.]+ s and \d+ MB of memory on cpu; [\d.]+ GB are free here\.\n$/)
    expect(readdirSync(folder)).not.toContain('never.png')
  })
})

describe('bad input', () => {
  const edit = (image: string, mask = 'mask.png'): string[] => ['inpaint', ...sampling, '--image', image, '--mask', mask]
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['a picture that is not there', edit('none.png'), /none\.png/],
    ['an empty picture', edit('empty.png'), /empty\.png/],
    ['a text called picture', edit('text.png'), /text\.png/],
    ['half a picture', edit('cut.png'), /cut\.png/],
    ['an all-black mask', edit('picture.png', 'black.png'), /black\.png.*white/],
    ['a model nobody knows', ['txt2img', '--model', 'stater', '--prompt', 'x'], /model stater: expected .*models list/],
    ['a model that is not there', ['txt2img', '--model', './nothing', '--prompt', 'x'], /nothing/],
    ['a pickle', ['txt2img', '--model', 'old.ckpt', '--prompt', 'x'], /old\.ckpt.*(pickle|safetensors)/],
    ['a truncated checkpoint', ['txt2img', '--model', './cut-model', '--prompt', 'x'], /diffusion_pytorch_model\.safetensors/],
    ['noise that is no safetensors file', ['txt2img', ...sampling, '--latents', 'text.png'], /text\.png/],
    ['a mask for a picture of another kind', ['remove', '--image', 'picture.png', '--mask', 'text.png'], /text\.png/],
    ['describe without a probe', ['describe', '--model', './tiny-sd1', '--image', 'picture.png'], /probe/],
  ]

  it.each(cases)('%s is one sentence, exit 2, nothing written', async (_name, args, about) => {
    const before = readdirSync(folder)
    const out = args[0] === 'describe' ? [] : ['--out', 'bad.png']
    const { code, err, out: said } = await palimpsest(...args, ...out)
    const errors = err.split('\n').filter((line) => line.startsWith('Error: '))
    expect({ code, said, errors: errors.length }).toEqual({ code: 2, said: '', errors: 1 })
    expect(errors[0]).toMatch(about)
    expect(err).not.toMatch(/\n\s+at /)
    expect(readdirSync(folder)).toEqual(before)
  })
})

describe('Ctrl-C', { skip: process.platform === 'win32' }, () => {
  it('in the middle of sampling stops within a step, exit 130, nothing written', async () => {
    const child = spawn(process.execPath, [path.join(root, 'main', 'cli', 'index.ts'), 'txt2img', ...sampling, '--steps', '900', '--out', 'cancelled.png', '--json'], {
      cwd: folder, env: { ...process.env, PALIMPSEST_HOME: at('home') }, stdio: ['ignore', 'pipe', 'pipe'],
    })
    let text = ''
    let err = ''
    child.stderr.setEncoding('utf8').on('data', (data: string) => (err += data))
    let pressedAt = 0
    child.stdout.setEncoding('utf8').on('data', (data: string) => {
      text += data
      if (pressedAt > 0 || !/"phase":"sample","step":[3-9]/.test(text)) return
      pressedAt = performance.now()
      child.kill('SIGINT')
    })
    const code = await new Promise((resolve) => child.on('close', resolve))
    expect(pressedAt, err).toBeGreaterThan(0)
    expect(performance.now() - pressedAt).toBeLessThan(3000)
    expect({ code, last: JSON.parse(text.trimEnd().split('\n').at(-1) ?? '') as unknown }).toMatchObject({ code: 130, last: { event: 'error', code: 'run/cancelled', exitCode: 130 } })
    expect(readdirSync(folder).filter((name) => name.includes('cancelled') || name.endsWith('.tmp'))).toEqual([])
  })
})
