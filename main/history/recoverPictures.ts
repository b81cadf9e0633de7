/** The last resort of a repair: a project of which only picture files are left. */
import fs from 'node:fs'
import { applyRecord } from './applyRecord.ts'
import type { BlobStore, StoredBlob } from './blobs.ts'
import { type WritableDb, writeTransaction } from './db.ts'
import type { DocumentId, LayerId, OperationId } from './ids.ts'
import { newLayer } from './layers.ts'
import type { BlobInfo, PictureRef } from './model.ts'
import type { ProjectNotice } from './projectReader.ts'

/** More layers than this help nobody; the files stay where they are. */
const MOST_PICTURES = 200

/** Size and media type of a picture file; undefined for anything but PNG and JPEG. */
export interface PictureSize {
  readonly media: string
  readonly width: number
  readonly height: number
}

/** Reads width and height from the first bytes of a PNG or JPEG file (ISO/IEC 15948 IHDR, ITU T.81 SOF). */
export function pictureSize(bytes: Buffer): PictureSize | undefined {
  if (bytes.length > 24 && bytes.readUInt32BE(0) === 0x89504e47 && bytes.toString('latin1', 12, 16) === 'IHDR')
    return sized('image/png', bytes.readUInt32BE(16), bytes.readUInt32BE(20))
  if (bytes.length < 4 || bytes.readUInt16BE(0) !== 0xffd8) return undefined
  for (let at = 2; at + 9 < bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1]!
    // Every start-of-frame marker but the three numbers in between that mean tables.
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc)
      return sized('image/jpeg', bytes.readUInt16BE(at + 7), bytes.readUInt16BE(at + 5))
    at += 2 + bytes.readUInt16BE(at + 2)
  }
  return undefined
}

function sized(media: string, width: number, height: number): PictureSize | undefined {
  return width >= 1 && height >= 1 && width <= 1_000_000 && height <= 1_000_000 ? { media, width, height } : undefined
}

/** Makes one document that holds the pictures found among the blobs, the newest on top and alone visible. */
export function recoverPictures(db: WritableDb, blobs: BlobStore, now: number, notices: ProjectNotice[]): void {
  const found: (PictureRef & BlobInfo & { readonly age: number })[] = []
  let others = 0
  for (const blob of blobs.list()) {
    const size = peek(blobs, blob)
    if (size && blobs.fault(blob.hash, blob.size) === undefined) found.push({ ...blob, ...size, age: fs.statSync(blobs.path(blob.hash)).mtimeMs })
    else others++
  }
  if (found.length === 0) return
  const pictures = found.sort((a, b) => a.age - b.age).slice(-MOST_PICTURES)
  const canvas = { width: Math.max(...pictures.map((item) => item.width)), height: Math.max(...pictures.map((item) => item.height)), extra: {} }
  const layers = pictures.map(({ hash, width, height }, index) => newLayer({
    id: (index + 1) as LayerId, // an empty project: its layers are numbered here
    kind: 'image', name: `Recovered ${index + 1}`, position: index, visible: index === pictures.length - 1, pixels: { hash, width, height },
  }))
  const document = 1 as DocumentId // likewise its documents
  writeTransaction(db, () => {
    applyRecord(db, { record: 'document', id: document, name: 'Recovered pictures', canvas, createdAt: now, trashedAt: null }, 1)
    applyRecord(db, {
      record: 'operation', id: 1 as OperationId, document, parent: null, state: 'applied', inputs: [], results: [], chosen: [], tiles: [],
      provenance: { kind: 'recover', title: 'Recovered pictures', engineVersion: null, model: null, modelHash: null, device: null, seed: null, params: {}, durationMs: null, replayOf: null },
      changes: [{ what: 'canvas', before: null, after: canvas }, ...layers.map((layer) => ({ what: 'layer' as const, layer: layer.id, before: null, after: layer }))],
      blobs: pictures.map(({ hash, size, media }) => ({ hash, size, media })), thumbnail: null, name: null, starred: false, createdAt: now, trashedAt: null, moveHead: true,
    }, 1)
  })
  notices.push({ code: 'project/pictures-only', sentence: `Neither database nor record log was left; ${pictures.length} pictures were found among the files and put into the document "Recovered pictures"${others > 0 ? `, and ${others} other files are kept` : ''}.` })
}

function peek(blobs: BlobStore, blob: StoredBlob): PictureSize | undefined {
  const head = Buffer.alloc(Math.min(blob.size, 256 << 10))
  const fd = fs.openSync(blobs.path(blob.hash), 'r')
  try {
    fs.readSync(fd, head, 0, head.length, 0)
  } finally {
    fs.closeSync(fd)
  }
  return pictureSize(head)
}
