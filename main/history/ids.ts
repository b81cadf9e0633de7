/** Branded numbers and names, so that a layer's number cannot be handed in where an operation's is meant. */
import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { z } from 'zod'

declare const documentId: unique symbol
declare const layerId: unique symbol
declare const operationId: unique symbol
declare const maskId: unique symbol
declare const strokeId: unique symbol
declare const blobHash: unique symbol

/** A document of one project; numbers start at 1 and are never given twice. */
export type DocumentId = number & { readonly [documentId]: true }
/** A layer of one project; stays the same through undo and redo. */
export type LayerId = number & { readonly [layerId]: true }
/** An operation of one project; a higher number was made later, whatever the clock said. */
export type OperationId = number & { readonly [operationId]: true }
/** A saved mask of one project. */
export type MaskId = number & { readonly [maskId]: true }
/** A brush stroke that is still being drawn. */
export type StrokeId = number & { readonly [strokeId]: true }
/** SHA-256 of a blob's bytes, 64 lower-case hexadecimal digits: its name on disk. */
export type BlobHash = string & { readonly [blobHash]: true }

const positive = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)
// Each cast gives a checked number or name its brand; nothing else in this folder makes one.
const branded = <T>(schema: z.ZodType<unknown>): z.ZodType<T> => schema as unknown as z.ZodType<T>

/** Checks a {@link DocumentId}. */
export const documentIdSchema = branded<DocumentId>(positive)
/** Checks a {@link LayerId}. */
export const layerIdSchema = branded<LayerId>(positive)
/** Checks an {@link OperationId}. */
export const operationIdSchema = branded<OperationId>(positive)
/** Checks a {@link MaskId}. */
export const maskIdSchema = branded<MaskId>(positive)
/** Checks a {@link StrokeId}. */
export const strokeIdSchema = branded<StrokeId>(positive)
/** Checks a {@link BlobHash}. */
export const blobHashSchema = branded<BlobHash>(z.string().regex(/^[0-9a-f]{64}$/, 'a SHA-256 in lower-case hexadecimal digits'))

/** Whether a text is a {@link BlobHash}. */
export function isBlobHash(text: string): text is BlobHash {
  return /^[0-9a-f]{64}$/.test(text)
}

/** The {@link BlobHash} of some bytes. */
export function hashOf(bytes: Uint8Array): BlobHash {
  return createHash('sha256').update(bytes).digest('hex') as BlobHash // a SHA-256 digest is a blob hash
}

/** The {@link BlobHash} of a file, read in pieces. */
export function hashOfFile(file: string): BlobHash {
  const hasher = createHash('sha256')
  const piece = Buffer.allocUnsafe(1 << 20)
  const fd = fs.openSync(file, 'r')
  try {
    for (let got = fs.readSync(fd, piece); got > 0; got = fs.readSync(fd, piece)) hasher.update(piece.subarray(0, got))
  } finally {
    fs.closeSync(fd)
  }
  return hasher.digest('hex') as BlobHash // a SHA-256 digest is a blob hash
}
