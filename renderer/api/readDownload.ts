/** Bytes of what the host has written for this window to fetch. */
import type { TargetInfo } from '../../preload/contract/files.ts'
import { call } from './client.ts'

/** Reads all of a download, piece by piece. @throws AppError when nothing has been written */
export async function readDownload({ target }: TargetInfo): Promise<Blob> {
  const pieces: Uint8Array<ArrayBuffer>[] = []
  for (let offset = 0, size = 1; offset < size; ) {
    const piece = await call('files.fetch', { target, offset })
    if (piece.bytes.length === 0) break
    pieces.push(piece.bytes as Uint8Array<ArrayBuffer>) // bytes of a message are never shared memory
    offset += piece.bytes.length
    size = piece.size
  }
  return new Blob(pieces, { type: 'image/png' })
}
