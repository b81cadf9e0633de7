/** The worker behind tileMaker.ts. */
import type { TilePlace } from '../../../preload/contract/documents.ts'
import { type PageDocument, paint, photograph } from './pageTiles.ts'

/** What is asked. */
export interface TileOrder {
  readonly id: number
  readonly document: PageDocument
  readonly wanted: readonly { readonly place: TilePlace; readonly kind: 'photograph' | 'paint' }[]
}

/** What is answered. */
export interface MadeTiles {
  readonly id: number
  readonly tiles: (Uint8Array<ArrayBuffer> | null)[]
}

self.onmessage = ({ data }: MessageEvent<TileOrder>) => {
  const tiles = data.wanted.map(({ place, kind }) => (kind === 'photograph' ? photograph(place, data.document) : paint(place, data.document.paintedShare)))
  const made: MadeTiles = { id: data.id, tiles }
  self.postMessage(made, { transfer: tiles.flatMap((tile) => (tile ? [tile.buffer] : [])) })
}
