/**
 * Layers, groups, the canvas' size and shape, and what goes in and out of the window, over the real host and engine. Judged by
 * the host's document and by exported pixels.
 */
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, shootFailures } from './chromium.ts'
import type { DocumentProbe } from './served/documentProbe.ts'
import type { EditorHands } from './served/editorHands.ts'
import { type TargetEditor, openTarget } from './served/targetEditor.ts'
import { TARGET } from './served/targetPicture.ts'

const executable = chromiumPath()
const { disc } = TARGET

describe.skipIf(executable === null)('layers and documents, served', () => {
  let editor: TargetEditor
  let page: Page
  let probe: DocumentProbe
  let hands: EditorHands

  beforeAll(async () => {
    editor = await openTarget(executable!)
    ;({ page, probe, hands } = editor)
  }, 300_000)
  afterAll(() => editor?.close())
  shootFailures(() => page)

  test('layers are doubled and deleted, get a mask from the selection and give a selection, one mark each', async () => {
    await page.getByRole('tab', { name: 'Layers' }).click()
    await hands.command('Paint brush')
    await hands.step(() => hands.drag([[290, 150], [330, 150]])) // makes a layer of its own, which is the chosen one then
    const paint = await probe.top('paint')
    await hands.key('v')
    await hands.step(() => page.keyboard.press('Control+j'))
    expect((await probe.view()).layers.filter(({ kind }) => kind === 'paint')).toHaveLength(2)
    await hands.step(() => page.keyboard.press('Shift+Delete'))
    expect((await probe.top('paint')).id).toBe(paint.id)
    await page.getByRole('treeitem', { name: new RegExp(paint.name) }).click()
    await hands.key('m')
    await hands.step(() => hands.drag([[280, 100], [420, 220]]))
    await hands.step(() => hands.command('Add a layer mask from'))
    expect((await probe.top('paint')).hasMask).toBe(true)
    const masked = await probe.picture({ layer: paint.id, depth: 8 })
    expect(masked.at(290, 60)[3]).toBe(0)
    expect(masked.at(315, 150)[3]).toBe(255)
    await hands.step(() => hands.command('Remove the layer mask'))
    await hands.clear()
    await page.getByRole('treeitem', { name: new RegExp(paint.name) }).click()
    await hands.step(() => hands.command('Mask from the layer'))
    expect((await probe.mask()).at(315, 150)).toBe(255)
    await hands.clear()
  }, 60_000)

  test('move, scale and turn: one mark a gesture, whole pixels when moved', async () => {
    const paint = await probe.top('paint')
    await page.getByRole('treeitem', { name: new RegExp(paint.name) }).click()
    await hands.key('v')
    const moved = await hands.step(() => hands.drag([[315, 150], [275, 130]]))
    expect(moved.layers.find(({ id }) => id === paint.id)!.transform).toEqual([1, 0, 0, 1, -40, -20])
    await hands.step(() => page.keyboard.press('Shift+ArrowRight'))
    expect((await probe.top('paint')).transform[4]).toBe(-30)
    await hands.undo()
    await hands.undo()
    expect((await probe.top('paint')).transform).toEqual([1, 0, 0, 1, 0, 0])
  }, 60_000)

  test('image size, canvas size, turn, flip, straighten and crop change the exported size and can be undone', async () => {
    const size = async (): Promise<number[]> => {
      const { width, height } = await probe.picture({ depth: 8 })
      return [width, height]
    }
    const dialog = page.getByRole('dialog')
    await hands.step(async () => {
      await page.keyboard.press('Control+Alt+i')
      await dialog.getByLabel('Width').fill('210')
      await page.keyboard.press('Enter')
    })
    expect(await size()).toEqual([210, 150])
    await hands.undo()
    await hands.step(async () => {
      await hands.command('Canvas size')
      await dialog.getByLabel('Width').fill('500')
      await page.keyboard.press('Enter')
    })
    expect(await size()).toEqual([500, 300])
    await hands.undo()
    await hands.step(() => hands.command('Turn right'))
    expect(await size()).toEqual([300, 420])
    await hands.undo()
    await hands.step(() => hands.command('Flip left'))
    expect((await probe.picture({ depth: 8 })).at(TARGET.width - 1 - disc.x, disc.y)[0]).toBeGreaterThan(200)
    await hands.undo()
    await hands.step(async () => {
      await hands.command('Straighten')
      await dialog.getByRole('slider').focus()
      for (let tenths = 0; tenths < 20; tenths++) await page.keyboard.press('ArrowRight')
      await dialog.getByRole('button', { name: 'Apply' }).click()
    })
    const [width, height] = await size()
    expect(width! < TARGET.width && width! > 0.9 * TARGET.width && height! < TARGET.height && height! > 0.9 * TARGET.height).toBe(true)
    await hands.undo()
    await hands.key('c')
    await hands.step(async () => {
      await hands.drag([[TARGET.width, TARGET.height], [320, 220]])
      await page.keyboard.press('Enter')
    })
    expect(await size()).toEqual([320, 224])
    await hands.undo()
    expect(await size()).toEqual([TARGET.width, TARGET.height])
  }, 60_000)

  test('layers are grouped in one step and the group moves with all it holds in one more', async () => {
    await page.getByRole('tab', { name: 'Layers' }).click()
    const rows = page.getByRole('tree', { name: /Layers/ }).getByRole('treeitem')
    await rows.first().click()
    await rows.nth(1).click({ modifiers: ['Control'] })
    const before = await probe.picture({ depth: 8 })
    const grouped = await hands.step(() => page.keyboard.press('Control+g'))
    expect(grouped.undo).toBe('Group layers')
    expect(grouped.layers.filter(({ parent }) => parent !== null)).toHaveLength(2)
    await hands.key('v')
    const moved = await hands.step(() => hands.drag([[200, 150], [230, 160]]))
    expect(moved.layers.find(({ kind }) => kind === 'group')!.transform).toEqual([1, 0, 0, 1, 30, 10])
    const after = await probe.picture({ depth: 8 })
    expect(after.at(disc.x + 30, disc.y + 10).slice(0, 3)).toEqual(before.at(disc.x, disc.y).slice(0, 3))
    await hands.undo()
    await hands.undo()
    await rows.first().click()
    await rows.nth(1).click({ modifiers: ['Control'] })
    await hands.key('v')
    const together = await hands.step(() => hands.drag([[200, 150], [220, 150]]))
    expect(together.layers.filter(({ transform }) => transform[4] === 20)).toHaveLength(2)
    await hands.undo()
  }, 60_000)

  test('a thumbnail is dragged out as a PNG file and onto the canvas as a layer', async () => {
    const paint = await probe.top('paint')
    const thumb = page.getByRole('treeitem', { name: new RegExp(paint.name) }).locator('.layer-drag')
    await thumb.hover()
    await thumb.evaluate((one) => void Object.assign(one, { id: 'dragged-thumb' }))
    const start = (): Promise<string> => hands.dragEvent('#dragged-thumb', 'dragstart')
    await expect.poll(start, { timeout: 10_000, interval: 500 }).toMatch(/^image\/png:.*\.png:blob:/)
    const [, name, url] = /^image\/png:(.*?):(blob:.*)$/.exec(await start())!
    expect(name).toBe(`${paint.name}.png`)
    expect(await page.evaluate(`new Promise((resolve) => { const image = new Image(); image.onload = () => resolve(image.naturalWidth + ' × ' + image.naturalHeight); image.src = ${JSON.stringify(url)} })`)).toBe(`${TARGET.width} × ${TARGET.height}`)
    const count = (await probe.view()).layers.length
    await hands.dragEvent('.canvas', 'dragover')
    const dropped = await hands.step(() => hands.dragEvent('.canvas', 'drop'))
    expect(dropped.layers).toHaveLength(count + 1)
    await hands.undo()
  }, 60_000)

  test('the picture is copied and pasted as a layer', async () => {
    await page.keyboard.press('Control+Shift+c')
    await page.locator('.notice', { hasText: /copied/i }).first().waitFor()
    const pasted = await hands.step(() => page.keyboard.press('Control+v'))
    const layer = pasted.layers.findLast(({ kind }) => kind === 'image')!
    expect(layer.size).toEqual({ width: TARGET.width, height: TARGET.height })
  }, 60_000)

  test('export: layered as OpenRaster, flat as TIFF with 16 bits, JPEG with its profile', async () => {
    const write = async (type: string): Promise<Buffer> => {
      await page.keyboard.press('Control+Shift+e')
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('radiogroup', { name: 'Format' }).getByText(type, { exact: true }).click()
      const bytes = await hands.download(() => dialog.getByRole('button', { name: 'Export', exact: true }).click())
      await dialog.waitFor({ state: 'detached' })
      return bytes
    }
    const profile = (await sharp(editor.source).metadata()).icc!
    const [jpeg, tiff] = [await sharp(await write('JPEG')).metadata(), await sharp(await write('TIFF')).metadata()]
    expect([jpeg.format, jpeg.depth, jpeg.icc?.equals(profile)]).toEqual(['jpeg', 'uchar', true])
    expect([tiff.format, tiff.depth, tiff.icc?.equals(profile)]).toEqual(['tiff', 'ushort', true])
    const ora = await write('OpenRaster')
    expect(ora.subarray(0, 2).toString()).toBe('PK')
    expect(ora.includes('image/openraster')).toBe(true)
  }, 60_000)

  test('a new picture has the size and colour that were asked for; the one before is closed and kept', async () => {
    await page.keyboard.press('Control+n')
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Width').fill('640')
    await dialog.getByLabel('Height').fill('480')
    await dialog.getByText('Black', { exact: true }).click()
    await dialog.getByRole('button', { name: 'Create' }).click()
    await expect.poll(async () => (await probe.view()).canvas).toEqual({ width: 640, height: 480 })
    expect((await probe.picture({ depth: 8 })).at(10, 10).slice(0, 3)).toEqual([0, 0, 0])
    await expect.poll(async () => (await probe.call<{ projects: { name: string }[] }>('projects.list', {})).projects.map(({ name }) => name)).toContain('target')
  }, 60_000)

  test('nothing went wrong on the page meanwhile', () => {
    expect(editor.problems).toEqual([])
  })
})
