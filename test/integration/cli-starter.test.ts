/** The commands as the README shows them, with the models that come with the program. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { main } from '../../main/cli/index.ts'
import { palimpsestPaths } from '../../main/paths.ts'

const models = fileURLToPath(new URL('../../models', import.meta.url))
const missing = ['starter', 'starter-inpaint'].filter((id) => !existsSync(path.join(models, id, 'model.json')))
if (missing.length > 0) process.stderr.write(`cli-starter.test.ts is skipped: models/${missing.join(' and models/')} not in this checkout.\n`)

let folder = ''
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-starter-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function palimpsest(...args: string[]): Promise<{ code: number; err: string; result: Record<string, unknown> }> {
  let out = ''
  let err = ''
  const streams = { stdout: { write: (text: string) => (out += text) }, stderr: { write: (text: string) => (err += text) } }
  const env = { PALIMPSEST_HOME: path.join(folder, 'home') }
  const code = await main([...args, '--json'], { env, callerFolder: folder, paths: palimpsestPaths({ env }), streams, debug: false, unicode: true })
  return { code, err, result: JSON.parse(out.trimEnd().split('\n').at(-1) ?? '{}') as Record<string, unknown> }
}

describe.skipIf(missing.length > 0)('the models that come with the program', () => {
  it('are listed without having been added', async () => {
    const { code, result } = await palimpsest('models', 'list')
    expect(code).toBe(0)
    expect(result['models']).toEqual(expect.arrayContaining([expect.objectContaining({ id: 'starter' }), expect.objectContaining({ id: 'starter-inpaint', kind: 'inpaint' })]))
  })

  it('draw, inpaint, describe and show with no --model given', async () => {
    const drawn = await palimpsest('txt2img', '--prompt', 'a red cat on a hill', '--steps', '3', '--seed', '1', '--out', 'drawn.png')
    expect(drawn).toMatchObject({ code: 0, result: { event: 'result', model: 'starter', seed: 1 } })
    const { width, height } = drawn.result as { width: number; height: number }
    const white = await sharp({ create: { width: width >> 2, height: height >> 2, channels: 3, background: 'white' } }).png().toBuffer()
    await sharp({ create: { width, height, channels: 3, background: 'black' } }).composite([{ input: white, left: width >> 1, top: height >> 1 }]).png().toFile(path.join(folder, 'mask.png'))
    const painted = await palimpsest('inpaint', '--image', 'drawn.png', '--mask', 'mask.png', '--prompt', 'a blue house', '--steps', '3', '--seed', '2', '--out', 'painted.png')
    expect(painted).toMatchObject({ code: 0, result: { event: 'result', model: 'starter-inpaint', changedOutside: 0 } })
    // its world has one scale: a small mask is not enlarged for it
    expect(painted.result).toMatchObject({ crop: { width, height }, modelSize: { width, height } })
    expect((await palimpsest('describe', '--image', 'drawn.png')).result['caption']).toMatch(/\w+/)
    expect((await palimpsest('show', 'painted.png')).result['recipe']).toMatchObject({ task: 'inpaint', prompt: 'a blue house', seed: 2 })
  })
})
