/** A project opened for reading: everything that can be looked at, nothing that can be changed. */
import path from 'node:path'
import { failed } from '../engine/errors.ts'
import { BlobStore, type BlobFault } from './blobs.ts'
import { type ReadableDb, row, rows } from './db.ts'
import { type DocumentSummary, type Operation, type OperationFilter, type OperationSummary, type SavedMask, listDocuments, listMasks, listOperations, readOperation } from './documents.ts'
import type { BlobHash, DocumentId, OperationId, StrokeId } from './ids.ts'
import { type Json, type Plane, type TileRef, jsonSchema } from './model.ts'
import { type DocumentState, type StateDifference, differenceBetween, readHeadState, readStateAt } from './state.ts'
import { type StrokeInProgress, type StrokeTile, listStrokes, readStrokeTiles } from './strokes.ts'
import { TileCache, type TileCacheUse } from './tileCache.ts'
import { type TilePixels, readTile } from './tilePacks.ts'
import { type LayoutRow, ancestry, layoutTree } from './tree.ts'

/** Where the parts of a project folder lie. */
export function projectPaths(folder: string) {
  return {
    database: path.join(folder, 'project.db'),
    blobs: path.join(folder, 'blobs'),
    records: path.join(folder, 'records'),
    cache: path.join(folder, 'cache'),
    backups: path.join(folder, 'backups'),
    damaged: path.join(folder, 'damaged'),
    strokes: path.join(folder, 'strokes.json'),
  } as const
}

/** Something a person should know about a project that was opened: what was lost, mended or found unfinished. */
export interface ProjectNotice {
  /** stable code, for example `project/blob-missing` */
  readonly code: string
  readonly sentence: string
}

/** Default memory for undo: 256 MiB of tiles. */
export const DEFAULT_UNDO_BYTES = 256 << 20

/** A tile that is set at a document's head. */
export interface PlacedTile {
  readonly layer: number
  readonly plane: Plane
  readonly x: number
  readonly y: number
  readonly ref: TileRef
}

/** Looks into a project. Call {@link close} when done. */
export class ProjectReader {
  /** absolute path of the project's folder */
  readonly folder: string
  readonly blobs: BlobStore
  protected readonly reading: ReadableDb
  protected readonly tiles: TileCache

  constructor(folder: string, db: ReadableDb, options: { readonly undoBytes?: number } = {}) {
    this.folder = folder
    this.reading = db
    this.blobs = new BlobStore(projectPaths(folder).blobs)
    this.tiles = new TileCache(options.undoBytes ?? DEFAULT_UNDO_BYTES)
  }

  /** The project's own identity; copies share it. */
  identity(): { readonly uuid: string; readonly name: string; readonly createdAt: number } {
    const found = row<{ uuid: string; name: string; createdAt: number }>(this.reading, 'SELECT uuid, name, created_at AS createdAt FROM project')
    if (!found) throw failed('project/damaged', `Project "${path.basename(this.folder)}" does not say what it is; run "palimpsest repair".`)
    return found
  }

  /** Number of the last commit; goes up by one with each, also with undo, rename and settings. */
  sequence(): number {
    return row<{ seq: number }>(this.reading, 'SELECT last_seq AS seq FROM project')?.seq ?? 0
  }

  /** Every document, oldest first. */
  documents(options: { readonly trashed?: boolean } = {}): DocumentSummary[] {
    return listDocuments(this.reading, options)
  }

  /**
   * Where a document stands.
   * @throws EngineError project/no-such-document
   */
  head(document: DocumentId): OperationId {
    const found = row<{ head: OperationId | null }>(this.reading, 'SELECT head FROM documents WHERE id = :document', { document })
    if (found?.head === undefined || found.head === null) throw failed('project/no-such-document', `There is no document ${document} in this project.`)
    return found.head
  }

  /** Canvas and layers of a document, where it stands or as they were after an operation of its tree. */
  state(document: DocumentId, at?: OperationId): DocumentState {
    const state = at === undefined ? readHeadState(this.reading, document) : readStateAt(this.reading, document, at)
    if (!state) throw failed('project/no-such-document', `There is no document ${document} in this project.`)
    return state
  }

  /** Every tile set on the layers that a document has where it stands. */
  placedTiles(document: DocumentId): PlacedTile[] {
    return rows<Omit<PlacedTile, 'ref'> & { pack: BlobHash; number: number }>(this.reading, `
      SELECT t.layer, t.plane, t.x, t.y, t.pack, t.number FROM layer_tiles t JOIN layers l ON l.id = t.layer
      WHERE t.document = :document ORDER BY t.layer, t.plane, t.y, t.x`, { document })
      .map(({ pack, number, ...place }) => ({ ...place, ref: [pack, number] }))
  }

  /** A tile's pixels, from memory or disk (owned by the reader's cache: do not write to them). */
  tile(ref: TileRef): TilePixels {
    return this.tiles.get(ref, (wanted) => readTile(this.blobs, wanted))
  }

  /** How much memory undo takes at the moment. */
  undoMemory(): TileCacheUse {
    return this.tiles.use()
  }

  /** The operations of a document in order of making. */
  operations(document: DocumentId, filter: OperationFilter = {}): OperationSummary[] {
    return listOperations(this.reading, document, filter)
  }

  /** The tree of a document's operations, placed in rows and lanes for the history panel. */
  tree(document: DocumentId): LayoutRow[] {
    const nodes = rows<{ id: OperationId; parent: OperationId | null }>(this.reading, `
      SELECT id, parent FROM operations WHERE document = :document AND trashed_at IS NULL AND state = 'applied' ORDER BY id`, { document })
    return layoutTree(nodes, this.head(document))
  }

  /** Operations that wait to be accepted or rejected, oldest first. */
  staged(document: DocumentId): OperationSummary[] {
    return this.operations(document).filter((operation) => operation.state === 'staged')
  }

  /** The operation that redo goes to; undefined at the end of a branch. */
  redoTarget(document: DocumentId): OperationId | undefined {
    return row<{ id: OperationId }>(this.reading, `
      SELECT c.id FROM operations c JOIN operations p ON p.id = c.parent
      WHERE p.id = :head AND c.state = 'applied' AND c.trashed_at IS NULL
      ORDER BY (c.id = p.redo_child) DESC, c.id DESC LIMIT 1`, { head: this.head(document) })?.id
  }

  /** One operation with its parameters, inputs and results. */
  operation(id: OperationId): Operation {
    return readOperation(this.reading, id)
  }

  /** An operation and everything it stands on, from the document's first operation to it. */
  ancestry(id: OperationId): OperationId[] {
    return ancestry(this.reading, id)
  }

  /** What differs between two places in a document's tree. */
  difference(from: OperationId, to: OperationId): StateDifference {
    return differenceBetween(this.reading, from, to)
  }

  /** The saved masks of a document. */
  masks(document: DocumentId, options: { readonly trashed?: boolean } = {}): SavedMask[] {
    return listMasks(this.reading, document, options)
  }

  /** A setting of the project; undefined when it was never set. */
  setting(key: string): Json | undefined {
    const found = row<{ value: string }>(this.reading, 'SELECT value FROM settings WHERE key = :key', { key })
    return found ? jsonSchema.parse(JSON.parse(found.value)) : undefined
  }

  /** Strokes that were never finished. */
  strokesInProgress(): StrokeInProgress[] {
    return listStrokes(this.reading)
  }

  /** The pixels of an unfinished stroke. */
  strokeTiles(id: StrokeId): StrokeTile[] {
    return readStrokeTiles(this.reading, id)
  }

  /** The bytes of a blob, checked against its name. */
  blob(hash: BlobHash): Buffer {
    return this.blobs.read(hash)
  }

  /** Media type and length of a blob; undefined when the project does not know it. */
  blobInfo(hash: BlobHash): { readonly media: string; readonly size: number } | undefined {
    return row<{ media: string; size: number }>(this.reading, 'SELECT media, size FROM blobs WHERE hash = :hash', { hash })
  }

  /** The newest blobs whose files are missing or cut short: what a power cut can do. */
  recentFaults(count: number): BlobFault[] {
    return rows<{ hash: BlobHash; size: number }>(this.reading, 'SELECT hash, size FROM blobs ORDER BY created_seq DESC LIMIT :count', { count })
      .flatMap(({ hash, size }) => this.blobs.sizeFault(hash, size) ?? [])
  }

  /** The database, for the functions of this folder that look deeper. */
  get db(): ReadableDb {
    return this.reading
  }

  /** Closes the database. */
  close(): void {
    this.tiles.clear()
    this.reading.close()
  }
}
