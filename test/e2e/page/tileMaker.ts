/** Makes tiles in a worker: a real host works in another process, so that its work is not the window's. */
import type { TilePlace } from '../../../preload/contract/documents.ts'
import type { PageDocument } from './pageTiles.ts'
import type { MadeTiles, TileOrder } from './tileWorker.ts'

/** See the file's head. */
export class TileMaker {
  readonly #worker: Worker
  readonly #document: PageDocument
  readonly #waiting = new Map<number, (tiles: (Uint8Array<ArrayBuffer> | null)[]) => void>()
  #next = 0

  constructor(document: PageDocument) {
    this.#document = document
    this.#worker = new Worker(URL.createObjectURL(new Blob([window.tileWorkerSource], { type: 'text/javascript' })))
    this.#worker.onmessage = ({ data }: MessageEvent<MadeTiles>) => {
      this.#waiting.get(data.id)?.(data.tiles)
      this.#waiting.delete(data.id)
    }
  }

  /** Tiles in the order they were asked for. */
  make(wanted: readonly { readonly place: TilePlace; readonly kind: 'photograph' | 'paint' }[]): Promise<(Uint8Array<ArrayBuffer> | null)[]> {
    if (wanted.length === 0) return Promise.resolve([])
    const order: TileOrder = { id: this.#next++, document: this.#document, wanted }
    this.#worker.postMessage(order)
    return new Promise((resolve) => this.#waiting.set(order.id, resolve))
  }

  /** Ends the worker. */
  close(): void {
    this.#worker.terminate()
  }
}
