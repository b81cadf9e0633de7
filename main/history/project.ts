/**
 * A project opened for writing. Every method that changes something returns only when the change is on the disk: large
 * blobs first, then one database commit, which carries the small ones, then the line of the record log.
 */
import fs from 'node:fs'
import { failed } from '../engine/errors.ts'
import { applyRecord } from './applyRecord.ts'
import { type Effect, buildEffect } from './buildEffect.ts'
import { ProjectCache } from './caches.ts'
import { type WritableDb, change, checkpoint, row, rows, writeTransaction } from './db.ts'
import { diskFault } from './durableFiles.ts'
import { type BlobHash, type DocumentId, type LayerId, type MaskId, type OperationId, type StrokeId, isBlobHash } from './ids.ts'
import { type BlobInfo, type Json, type Layer } from './model.ts'
import { type EffectDraft, type OperationDraft, inputsOf, provenanceOf, resultsOf, stateChanges } from './operationDraft.ts'
import type { ProjectLock } from './projectLock.ts'
import type { DocumentDraft, HeadMove, MaskDraft, ProjectParts } from './projectTypes.ts'
import { ProjectReader, projectPaths } from './projectReader.ts'
import { type RecordLog, formatLine } from './recordLog.ts'
import { type HistoryRecord, type RecordOf, blobsOfEffect } from './records.ts'
import { differenceBetween } from './state.ts'
import { noteStrokes } from './strokeNotes.ts'
import { type StrokeStart, type StrokeTile, removeStroke, saveStroke } from './strokes.ts'
import { descendants, isAncestor } from './tree.ts'

/** Size of the write-ahead log at which it is emptied into the database. */
const CHECKPOINT_BYTES = 4 << 20

/** A project that this process alone may change. */
export class Project extends ProjectReader {
  readonly cache: ProjectCache
  /** where files go that are taken out of use but kept: cut-off log lines, replaced segments */
  readonly #keepIn: string
  readonly #db: WritableDb
  readonly #log: RecordLog
  readonly #lock: ProjectLock
  readonly #now: () => number
  /** blobs added in this session that no row names yet */
  readonly #fresh = new Map<BlobHash, BlobInfo>()
  #nextLayer: number
  #open = true

  constructor(folder: string, { db, log, lock, options }: ProjectParts) {
    super(folder, db, options)
    const paths = projectPaths(folder)
    this.#db = db
    this.#log = log
    this.#lock = lock
    this.#now = options.now ?? Date.now
    this.#keepIn = paths.damaged
    this.cache = new ProjectCache(db, paths.cache, options.cacheBytes ?? 8 * 2 ** 30)
    this.#nextLayer = row<{ next: number }>(db, 'SELECT next_layer AS next FROM project')!.next
  }

  /** Adds bytes as a blob; they are durable with the commit that names them. Something must refer to it in this session, or the trash takes it. */
  addBlob(bytes: Uint8Array, media: string): BlobInfo {
    return this.#remember({ ...this.blobs.put(bytes), media })
  }

  /** {@link addBlob} for several at once; costs little more than one. */
  async addBlobs(list: readonly { readonly bytes: Uint8Array; readonly media: string }[]): Promise<BlobInfo[]> {
    const stored = await this.blobs.putMany(list.map((item) => item.bytes))
    return stored.map((blob, index) => this.#remember({ ...blob, media: list[index]!.media }))
  }

  /** {@link addBlob} for a file of any size. */
  async addBlobFile(file: string, media: string, signal?: AbortSignal): Promise<BlobInfo> {
    return this.#remember({ ...(await this.blobs.putFile(file, signal)), media })
  }

  /** Blobs that were added but that nothing refers to yet: the trash leaves them alone. */
  get freshBlobs(): ReadonlySet<BlobHash> {
    return new Set(this.#fresh.keys())
  }

  #remember(blob: BlobInfo): BlobInfo {
    this.#fresh.set(blob.hash, blob)
    return blob
  }

  /** A number for a new layer. */
  newLayerId(): LayerId {
    return this.#nextLayer++ as LayerId // the project's counter is where layer ids come from
  }

  /** Makes a document that stands on its first operation. */
  createDocument(draft: DocumentDraft): { readonly document: DocumentId; readonly operation: OperationId } {
    this.#ownLayers(draft.layers)
    const id = this.#nextId('documents') as DocumentId // the table's counter is where document ids come from
    const empty = { canvas: draft.canvas, layers: new Map() }
    const changes = [{ what: 'canvas', before: null, after: draft.canvas } as const, ...stateChanges({ layers: draft.layers }, empty)]
    const { name, canvas: _, layers: __, ...made } = draft // the name is the document's, the rest says how its first operation was made
    const operation = this.#operationRecord(id, made, {
      parent: null, state: 'applied', moveHead: true, changes, tiles: [], packed: null,
    })
    this.commit([{ record: 'document', id, name, canvas: draft.canvas, createdAt: this.#now(), trashedAt: null }, operation])
    return { document: id, operation: operation.id }
  }

  /**
   * Commits an operation: an edit, a stroke, a change of layers. Everything it needs is on the disk when it returns.
   * @throws EngineError project/... when the draft contradicts itself or the disk refuses; nothing is changed then
   */
  commitOperation(document: DocumentId, draft: OperationDraft): OperationId {
    const head = this.head(document)
    const parent = draft.parent ?? head
    const effect = this.#effect(document, parent, draft)
    const record = this.#operationRecord(document, draft, { ...effect, parent, state: 'applied', moveHead: draft.moveHead ?? parent === head })
    this.#commitEffect(record, effect, draft.stroke)
    return record.id
  }

  /** Commits results that wait for the person's yes: durable and in the history, not yet in the document. */
  stageOperation(document: DocumentId, draft: Omit<OperationDraft, keyof EffectDraft>): OperationId {
    const record = this.#operationRecord(document, { chosen: [], ...draft }, {
      parent: draft.parent ?? this.head(document), state: 'staged', moveHead: false, changes: [], tiles: [], packed: null,
    })
    this.commit([record])
    return record.id
  }

  /**
   * Accepts a staged or rejected operation: it gets its effect and follows where the document stands now.
   * @param chosen places of the accepted results
   */
  acceptOperation(operation: OperationId, chosen: readonly number[], draft: EffectDraft): HeadMove {
    const { document, state } = this.operation(operation)
    if (state === 'applied') throw failed('project/not-staged', `Operation ${operation} is not waiting to be accepted.`)
    const from = this.head(document)
    const effect = this.#effect(document, from, draft)
    const record: RecordOf<'accept'> = {
      record: 'accept', operation, parent: from, chosen: [...chosen], changes: effect.changes, tiles: effect.tiles,
      blobs: this.#blobsFor(blobsOfEffect(effect)),
    }
    this.#commitEffect(record, effect, draft.stroke)
    return { document, from, to: operation, difference: differenceBetween(this.#db, from, operation) }
  }

  /** Turns a staged operation down; it stays in the history and can still be accepted. */
  rejectOperation(operation: OperationId): void {
    this.commit([{ record: 'reject', operation }])
  }

  /** Goes back one operation; undefined at the first. */
  undo(document: DocumentId): HeadMove | undefined {
    const { parent } = this.operation(this.head(document))
    return parent === null ? undefined : this.goTo(document, parent)
  }

  /** Goes forward the way that was last taken; undefined at the end of a branch. */
  redo(document: DocumentId): HeadMove | undefined {
    const next = this.redoTarget(document)
    return next === undefined ? undefined : this.goTo(document, next)
  }

  /** Goes to any operation of the document's tree. */
  goTo(document: DocumentId, operation: OperationId): HeadMove {
    const from = this.head(document)
    const target = this.operation(operation)
    if (target.document !== document || target.state !== 'applied' || target.trashedAt !== null)
      throw failed('project/not-a-place', `Operation ${operation} is not a place this document can go to; restore or accept it first.`)
    const difference = differenceBetween(this.#db, from, operation)
    if (from !== operation) this.commit([{ record: 'head', document, operation }])
    return { document, from, to: operation, difference }
  }

  /** Gives an operation a name (null takes it back) or a star. */
  labelOperation(operation: OperationId, label: { readonly name?: string | null; readonly starred?: boolean }): void {
    this.operation(operation)
    this.commit([{ record: 'label', operation, ...(label.name === undefined ? {} : { name: label.name }), ...(label.starred === undefined ? {} : { starred: label.starred }) }])
  }

  /** Sets the small picture the history panel shows. */
  setThumbnail(operation: OperationId, bytes: Uint8Array, media: string): void {
    this.commit([{ record: 'label', operation, thumbnail: this.addBlob(bytes, media) }])
    this.#settle()
  }

  /**
   * Puts an operation and all that follow from it into the trash.
   * @throws EngineError project/in-use when the document stands in that branch
   */
  trashOperation(operation: OperationId): void {
    const { document, parent } = this.operation(operation)
    if (parent === null || isAncestor(this.#db, operation, this.head(document)))
      throw failed('project/in-use', 'This branch holds the place where the document stands; go to another place in the history first.')
    this.commit([{ record: 'trash', operation, at: this.#now() }])
  }

  /** Takes an operation out of the trash, with all that follow from it and all it stands on. */
  restoreOperation(operation: OperationId): void {
    descendants(this.#db, operation)
    this.commit([{ record: 'trash', operation, at: null }])
  }

  /** Renames a document. */
  renameDocument(document: DocumentId, name: string): void {
    this.head(document)
    this.commit([{ record: 'document-label', document, name }])
  }

  /** Puts a document into the trash or takes it out. */
  trashDocument(document: DocumentId, trashed = true): void {
    this.head(document)
    this.commit([{ record: 'document-label', document, trashedAt: trashed ? this.#now() : null }])
  }

  /** Saves a mask under a name, or another picture and name under an existing mask. */
  saveMask(document: DocumentId, draft: MaskDraft, existing?: MaskId): MaskId {
    const old = existing === undefined ? undefined : row<{ createdAt: number }>(this.#db, 'SELECT created_at AS createdAt FROM masks WHERE id = :existing', { existing })
    const id = old ? existing! : (this.#nextId('masks') as MaskId) // the table's counter is where mask ids come from
    this.commit([{
      record: 'mask', id, document, name: draft.name, hash: draft.hash, width: draft.width, height: draft.height, origin: draft.origin,
      createdAt: old?.createdAt ?? this.#now(), trashedAt: null, blobs: this.#blobsFor([draft.hash]),
    }])
    this.#settle()
    return id
  }

  /** Puts a saved mask into the trash or takes it out. */
  trashMask(mask: MaskId, trashed = true): void {
    const found = row<{ document: DocumentId }>(this.#db, 'SELECT document FROM masks WHERE id = :mask', { mask })
    const saved = found && [...this.masks(found.document), ...this.masks(found.document, { trashed: true })].find((item) => item.id === mask)
    if (!saved) throw failed('project/no-such-mask', `There is no mask ${mask} in this project.`)
    this.commit([{ ...saved, record: 'mask', trashedAt: trashed ? this.#now() : null, blobs: [] }])
  }

  /** Sets a setting of the project; null takes it away. */
  setSetting(key: string, value: Json): void {
    this.commit([{ record: 'setting', key, value }])
  }

  /** Saves tiles of a stroke that is still being drawn; on the disk when it returns. Finish it with `commitOperation({stroke})`. */
  autosaveStroke(stroke: StrokeId | StrokeStart, tiles: readonly StrokeTile[]): StrokeId {
    const id = this.#guarded(() => saveStroke(this.#db, stroke, tiles, this.#now()))
    this.#noteStrokes()
    return id
  }

  /** Gives up a stroke that was being drawn. */
  discardStroke(stroke: StrokeId): void {
    this.#guarded(() => removeStroke(this.#db, stroke))
    this.#noteStrokes()
  }

  #noteStrokes(): void {
    try {
      noteStrokes(projectPaths(this.folder).strokes, this.#db)
    } catch {
      // The stroke itself is safe in the database; only what is said after another fault depends on the note.
    }
  }

  /** Applies records in one transaction and logs them: the one way anything in a project changes. */
  commit(records: readonly HistoryRecord[]): void {
    if (!this.#open) throw failed('project/closed', 'The project is closed; open it again to change it.')
    const seq = this.sequence() + 1
    const line = formatLine(seq, JSON.stringify(records))
    const stands = this.#guarded(() => writeTransaction(this.#db, () => {
      for (const record of records) applyRecord(this.#db, record, seq)
      const carried = this.blobs.pending.writeOutbox(this.#db)
      change(this.#db, 'INSERT INTO outbox VALUES (:seq, :line)', { seq, line })
      change(this.#db, 'DELETE FROM outbox WHERE seq <= :synced', { synced: this.#log.syncedSeq })
      change(this.#db, 'UPDATE project SET last_seq = :seq', { seq })
      return carried
    }))
    stands()
    this.#checkpointSoon()
    // The commit stands whatever happens to the log: its line waits in the outbox until the log takes it.
    try {
      this.catchUpLog()
    } catch (error) {
      this.#logFault = error
    }
  }

  #logFault: unknown
  #checkpointing: NodeJS.Immediate | undefined

  /** Empties the write-ahead log when it has grown, after the commit has returned where there is time for that. */
  #checkpointSoon(): void {
    const bytes = fs.statSync(`${projectPaths(this.folder).database}-wal`, { throwIfNoEntry: false })?.size ?? 0
    if (bytes < CHECKPOINT_BYTES || (this.#checkpointing && bytes < 4 * CHECKPOINT_BYTES)) return
    if (bytes >= 4 * CHECKPOINT_BYTES) return checkpoint(this.#db)
    this.#checkpointing = setImmediate(() => {
      this.#checkpointing = undefined
      if (this.#open) checkpoint(this.#db)
    })
  }

  /** Why the record log is behind the database; undefined when it is not. It catches up with the next commit. */
  get logFault(): unknown {
    return this.#logFault
  }

  /** Writes lines that wait in the outbox to the record log. */
  catchUpLog(): void {
    for (const { seq, line } of rows<{ seq: number; line: string }>(this.#db, 'SELECT seq, line FROM outbox WHERE seq > :last ORDER BY seq', { last: this.#log.lastSeq }))
      this.#log.append(seq, line)
    this.#logFault = undefined
  }

  /** Replaces the record log by a snapshot; what it replaces is kept in `damaged/`. */
  replaceLog(lines: readonly string[], seq: number): void {
    this.#log.replaceBySnapshot(lines, seq, this.#keepIn)
  }

  /** The writable database, for the functions of this folder that keep a project in order. */
  get writing(): WritableDb {
    return this.#db
  }

  /** Flushes everything and lets go of the project. */
  override close(): void {
    if (!this.#open) return
    this.#open = false
    try {
      this.catchUpLog()
      this.blobs.flush()
      this.blobs.pending.clearOutbox(this.#db)
      this.#log.close()
      change(this.#db, 'DELETE FROM outbox WHERE seq <= :synced', { synced: this.#log.syncedSeq })
    } finally {
      super.close()
      this.#lock.release(this.#logFault === undefined)
    }
  }

  #guarded<T>(work: () => T): T {
    try {
      return work()
    } catch (error) {
      const code = String((error as { code?: unknown }).code ?? '')
      throw code === 'SQLITE_FULL' || code === 'SQLITE_READONLY' || code.startsWith('SQLITE_IOERR') ? diskFault(projectPaths(this.folder).database, error) : error
    }
  }

  #effect(document: DocumentId, parent: OperationId, draft: EffectDraft): Effect {
    this.#ownLayers(draft.layers ?? [])
    return buildEffect(this.#db, document, parent, draft, (bytes) => this.addBlob(bytes, 'application/x-palimpsest-tiles'))
  }

  #operationRecord(document: DocumentId, draft: OperationDraft, place: Effect & Pick<RecordOf<'operation'>, 'parent' | 'state' | 'moveHead'>): RecordOf<'operation'> {
    const inputs = inputsOf(draft)
    const results = resultsOf(draft)
    const needed = blobsOfEffect(place)
    for (const { hash } of [...inputs, ...results]) needed.add(hash)
    if (draft.thumbnail) needed.add(draft.thumbnail)
    return {
      record: 'operation', id: this.#nextId('operations') as OperationId, // the table's counter is where operation ids come from
      document, parent: place.parent, state: place.state, provenance: provenanceOf(draft), inputs, results,
      chosen: draft.chosen ? [...draft.chosen] : results.map((_, index) => index),
      changes: place.changes, tiles: place.tiles, blobs: this.#blobsFor(needed), thumbnail: draft.thumbnail ?? null,
      name: draft.name ?? null, starred: draft.starred ?? false, createdAt: this.#now(), trashedAt: null, moveHead: place.moveHead,
    }
  }

  #commitEffect(record: RecordOf<'operation' | 'accept'>, { packed }: Effect, stroke: StrokeId | undefined): void {
    this.commit(stroke === undefined ? [record] : [record, { record: 'stroke-end', stroke }])
    if (stroke !== undefined) this.#noteStrokes()
    this.#settle()
    // The caller may go on writing to its buffers, so memory keeps copies.
    if (packed) for (const [number, tile] of packed.raw)
      if (record.tiles.length > 0) this.tiles.keep([packed.hash, number], { format: tile.format, bytes: new Uint8Array(tile.bytes) })
  }

  /** What the rows do not know yet of these blobs. */
  #blobsFor(hashes: Iterable<string>): BlobInfo[] {
    const infos: BlobInfo[] = []
    for (const hash of hashes) {
      if (!isBlobHash(hash)) throw failed('project/unknown-blob', `"${hash}" names no file of this project; please report it.`)
      const fresh = this.#fresh.get(hash)
      if (this.blobInfo(hash)) continue
      if (!fresh) throw failed('project/unknown-blob', `The project has no file ${hash.slice(0, 12)}… that an operation refers to; please report it.`)
      infos.push(fresh)
    }
    return infos
  }

  /** Blobs that rows name by now are no longer fresh. */
  #settle(): void {
    for (const hash of this.#fresh.keys()) if (this.blobInfo(hash)) this.#fresh.delete(hash)
  }

  /** The next number of a table; AUTOINCREMENT never gives one twice. */
  #nextId(table: 'documents' | 'operations' | 'masks'): number {
    const counted = row<{ seq: number }>(this.#db, 'SELECT seq FROM sqlite_sequence WHERE name = :table', { table })?.seq ?? 0
    return counted + 1
  }

  #ownLayers(layers: readonly Layer[]): void {
    for (const { id, name } of layers)
      if (id >= this.#nextLayer) throw failed('project/layers', `Layer "${name}" has the number ${id}, which this project never gave out; please report it.`)
  }
}
