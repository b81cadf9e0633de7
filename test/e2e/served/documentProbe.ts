/**
 * Looks at the open document through the contract, beside the window: what a tool has done is judged by the host's own
 * state and by exported pixels, never by what the page shows.
 */
import type { Page } from 'playwright-core'
import sharp from 'sharp'
import type { DocumentView, LayerView } from '../../../preload/contract/documents.ts'

/** Pixels of an exported picture. */
export interface Pixels {
  readonly width: number
  readonly height: number
  readonly channels: number
  /** samples, row by row: 8 bit, or 16 where the file has them */
  readonly data: Uint8Array | Uint16Array
  /** one pixel's samples */
  at(x: number, y: number): number[]
}

/** The part of the bridge that is used here, as it stands in the page. */
interface PageBridge {
  call(method: string, input: unknown): Promise<{ ok: boolean; value?: unknown; error?: { message: string } }>
}
type Place = { readonly project: string; readonly document: number }
type ProbedWindow = { readonly palimpsest: PageBridge; probed?: Place }

/** See the file's head. */
export class DocumentProbe {
  readonly #page: Page

  private constructor(page: Page) {
    this.#page = page
  }

  /** Begins to follow which document is open; before the first one is opened. */
  static async on(page: Page): Promise<DocumentProbe> {
    await page.evaluate(() => {
      const probed = globalThis as unknown as ProbedWindow // what the bridge's script puts there
      const call = probed.palimpsest.call.bind(probed.palimpsest)
      probed.palimpsest.call = async (method, input) => {
        const answer = await call(method, input)
        const view = answer.value as (Partial<Place> & { readonly layers?: unknown }) | undefined // every document view has all three
        if (view?.project && view.document && view.layers) probed.probed = { project: view.project, document: view.document }
        return answer
      }
    })
    return new DocumentProbe(page)
  }

  /** One call of the contract. @throws Error with the host's sentence */
  async call<T>(method: string, input: Record<string, unknown>): Promise<T> {
    return this.#page.evaluate(async ([name, given]) => {
      const { palimpsest, probed } = globalThis as unknown as ProbedWindow
      const answer = await palimpsest.call(name, { ...probed, ...given })
      if (!answer.ok) throw new Error(answer.error!.message)
      return answer.value
    }, [method, input] as const) as Promise<T>
  }

  /** The document as the host has it. */
  view(): Promise<DocumentView> {
    return this.call<DocumentView>('documents.open', {})
  }

  /** The layer on top of all others. */
  async top(kind: LayerView['kind']): Promise<LayerView> {
    const found = (await this.view()).layers.findLast((layer) => layer.kind === kind)
    if (!found) throw new Error(`no layer of the kind ${kind}`)
    return found
  }

  /** The picture as a file, or (layer) one layer of it. */
  async export(format: Record<string, unknown> = {}): Promise<Buffer> {
    const text = await this.#page.evaluate(async (given) => {
      const { palimpsest, probed } = globalThis as unknown as ProbedWindow
      const ask = async (method: string, input: unknown): Promise<never> => {
        const answer = await palimpsest.call(method, input)
        if (!answer.ok) throw new Error(answer.error!.message)
        return answer.value as never
      }
      const { target } = await ask('files.download', { name: 'probe.png' }) as { target: string }
      await ask('document.export', { ...probed, target, format: { type: 'png', ...given } })
      let all = ''
      for (let offset = 0, size = 1; offset < size; ) {
        const piece = await ask('files.fetch', { target, offset }) as { bytes: Uint8Array; size: number }
        for (let at = 0; at < piece.bytes.length; at += 8192) all += String.fromCharCode(...piece.bytes.subarray(at, at + 8192))
        offset += piece.bytes.length
        size = piece.size
      }
      return btoa(all)
    }, format)
    return Buffer.from(text, 'base64')
  }

  /** The picture's pixels as exported, in the depth of the file. */
  async picture(format: Record<string, unknown> = {}): Promise<Pixels> {
    return pixelsOf(await this.export(format))
  }

  /** The mask in force: how many pixels are wholly in it, touched by it, and its value at a place. */
  async mask(): Promise<{ readonly full: number; readonly touched: number; readonly at: (x: number, y: number) => number }> {
    const { activeMask } = await this.view()
    if (activeMask === null) return { full: 0, touched: 0, at: () => 0 }
    const { data, channels, at } = await this.picture({ layer: activeMask })
    let [full, touched] = [0, 0]
    for (let i = 0; i < data.length; i += channels) {
      if (data[i]! > 0) touched++
      if (data[i]! === 255) full++
    }
    return { full, touched, at: (x, y) => at(x, y)[0]! }
  }
}

/** Reads a picture file. */
export async function pixelsOf(file: Buffer): Promise<Pixels> {
  const { depth } = await sharp(file).metadata()
  const deep = depth === 'ushort'
  const { data, info } = await (deep ? sharp(file).toColourspace('rgb16').raw({ depth: 'ushort' }) : sharp(file).raw()).toBuffer({ resolveWithObject: true })
  const samples = deep ? new Uint16Array(data.buffer, data.byteOffset, data.length / 2) : data
  const { width, height, channels } = info
  return { width, height, channels, data: samples, at: (x, y) => [...samples.subarray((y * width + x) * channels, (y * width + x + 1) * channels)] }
}
