/** What a person's hands do in the window: press keys, draw on the picture, touch it, choose commands and files. */
import fs from 'node:fs'
import type { Page } from 'playwright-core'
import { expect } from 'vitest'
import type { DocumentView } from '../../../preload/contract/documents.ts'
import type { DocumentProbe } from './documentProbe.ts'

/** A place in picture pixels, or (where said) in CSS pixels of the window. */
export type Point = readonly [number, number]

const CANVAS = '.canvas-place [tabindex]'

/** See the file's head. Places are picture pixels; the picture is in the middle of the view, however large it is shown. */
export class EditorHands {
  readonly #page: Page
  readonly #probe: DocumentProbe

  constructor(page: Page, probe: DocumentProbe) {
    this.#page = page
    this.#probe = probe
  }

  /** The zoom that the window shows. */
  zoom(): Promise<string | null> {
    return this.#page.locator('.hud-zoom').textContent()
  }

  /** Where the window says that the pointer is. */
  pointer(): Promise<string | null> {
    return this.#page.locator('.hud > .hud-dim').last().textContent()
  }

  /** Values of the brush's fields: size, hardness, opacity. */
  brush(): Promise<string[]> {
    return this.#page.locator('.options input[inputmode]').evaluateAll((all) => all.map((one) => (one as unknown as { value: string }).value)) // all of them are inputs
  }

  /** A place of the picture on the screen. */
  async at([x, y]: Point): Promise<[number, number]> {
    const box = (await this.#page.locator('.canvas-place').boundingBox())!
    const { canvas } = await this.#probe.view()
    const scale = Number.parseFloat((await this.zoom())!) / 100
    return [box.x + box.width / 2 + (x - canvas.width / 2) * scale, box.y + box.height / 2 + (y - canvas.height / 2) * scale]
  }

  /** Draws along places with keys held. */
  async drag(path: readonly Point[], keys: readonly string[] = [], button: 'left' | 'right' = 'left'): Promise<void> {
    const { keyboard, mouse } = this.#page
    const places = await Promise.all(path.map((place) => this.at(place)))
    for (const key of keys) await keyboard.down(key)
    await mouse.move(...places[0]!)
    await mouse.down({ button })
    for (const place of places.slice(1)) await mouse.move(...place, { steps: 6 })
    await mouse.up({ button })
    for (const key of keys) await keyboard.up(key)
  }

  /** One click with keys held. */
  click(place: Point, keys: readonly string[] = []): Promise<void> {
    return this.drag([place], keys)
  }

  /** Presses a key while the canvas has the focus: a tool's, mostly. */
  async key(key: string): Promise<void> {
    await this.#page.locator(CANVAS).first().focus()
    await this.#page.keyboard.press(key)
  }

  /** Runs a command by its name. */
  async command(name: string): Promise<void> {
    await this.#page.keyboard.press('Control+k')
    await this.#page.getByRole('combobox', { name: 'Find a command' }).fill(name)
    await this.#page.keyboard.press('Enter')
  }

  /** Does something that makes one operation, and waits until the host has it. */
  async step(work: () => Promise<unknown>): Promise<DocumentView> {
    const { head } = await this.#probe.view()
    await work()
    await expect.poll(async () => (await this.#probe.view()).head, { timeout: 15_000, interval: 50 }).not.toBe(head)
    return this.#probe.view()
  }

  /** Takes back one operation. */
  undo(): Promise<DocumentView> {
    return this.step(() => this.key('Control+z'))
  }

  /** Empties the mask in force. */
  clear(): Promise<DocumentView> {
    return this.step(() => this.key('Control+d'))
  }

  /** Answers the window's question for a file. */
  async choose(start: () => Promise<unknown>, name: string, buffer: Buffer): Promise<void> {
    const [chooser] = await Promise.all([this.#page.waitForEvent('filechooser'), start()])
    await chooser.setFiles({ name, mimeType: 'image/png', buffer })
  }

  /** The file that something gives. */
  async download(start: () => Promise<unknown>): Promise<Buffer> {
    const [file] = await Promise.all([this.#page.waitForEvent('download'), start()])
    return fs.readFileSync(await file.path())
  }

  /** Fingers on a touch screen; each row of `path` is where they are next, CSS pixels of the window. */
  async touch(path: readonly (readonly Point[])[]): Promise<void> {
    const session = await this.#page.context().newCDPSession(this.#page)
    await session.send('Emulation.setTouchEmulationEnabled', { enabled: true, maxTouchPoints: 2 })
    let before = 0
    for (const places of [...path, []]) {
      const type = places.length === 0 ? 'touchEnd' : places.length > before ? 'touchStart' : 'touchMove'
      await session.send('Input.dispatchTouchEvent', { type, touchPoints: places.map(([x, y], id) => ({ x, y, id })) })
      before = places.length
    }
    await session.send('Emulation.setTouchEmulationEnabled', { enabled: false })
    await session.detach()
  }

  /** A pen held with its eraser to the glass, along places of the picture. */
  async eraserEnd(path: readonly Point[]): Promise<void> {
    const send = async (type: string, place: Point, buttons: number): Promise<void> => {
      const [clientX, clientY] = await this.at(place)
      const init = { pointerId: 1, pointerType: 'pen', button: type === 'pointermove' ? -1 : 5, buttons, clientX, clientY, pressure: buttons === 0 ? 0 : 1, bubbles: true, cancelable: true }
      await this.#page.evaluate(`document.querySelector(${JSON.stringify(CANVAS)}).dispatchEvent(new PointerEvent(${JSON.stringify(type)}, ${JSON.stringify(init)}))`)
    }
    await send('pointerdown', path[0]!, 32)
    for (const place of path.slice(1)) await send('pointermove', place, 32)
    await send('pointerup', path.at(-1)!, 0)
  }

  /** Sends a drag event that carries what an earlier one of the same drag has put into it; `dragstart` begins anew. */
  async dragEvent(selector: string, type: 'dragstart' | 'dragover' | 'drop' | 'dragend'): Promise<string> {
    return this.#page.evaluate(`(() => {
      if (${JSON.stringify(type)} === 'dragstart') window.dragged = new DataTransfer()
      document.querySelector(${JSON.stringify(selector)}).dispatchEvent(new DragEvent(${JSON.stringify(type)}, { bubbles: true, cancelable: true, dataTransfer: window.dragged }))
      return window.dragged.getData('DownloadURL')
    })()`)
  }
}
