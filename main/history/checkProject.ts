/** The full check of a project: database, files, tree, references and record log, each fault a sentence. */
import { REFERENCES } from './applyRecord.ts'
import { type ReadableDb, rows } from './db.ts'
import { usesOfBlob } from './documents.ts'
import type { BlobHash, DocumentId, LayerId, OperationId } from './ids.ts'
import { schemaDifferences } from './migrations/index.ts'
import { type ProjectNotice, type ProjectReader, projectPaths } from './projectReader.ts'
import { readLog } from './recordLog.ts'
import { recordSchema } from './records.ts'
import { layerParameters, parseCanvas, parseLayer, readEffect, readHeadState, readHeadTiles, sameTile, tileKey } from './state.ts'
import type { TileRef } from './model.ts'

/** What {@link checkProject} found. */
export interface CheckReport {
  /** nothing is wrong */
  readonly sound: boolean
  readonly faults: readonly ProjectNotice[]
  readonly documents: number
  readonly operations: number
  readonly blobs: number
  /** bytes in the files that were read */
  readonly bytes: number
}

/** Choices for {@link checkProject}. */
export interface CheckOptions {
  /** told how many of how many files have been read */
  readonly onProgress?: (done: number, total: number) => void
  readonly signal?: AbortSignal
}

/** Reads every row and every file of a project and compares them with each other. Changes nothing. */
export async function checkProject(project: ProjectReader, options: CheckOptions = {}): Promise<CheckReport> {
  const faults: ProjectNotice[] = []
  const note = (code: string, sentence: string): void => void faults.push({ code, sentence })
  const db = project.db
  guarded(note, 'the database pages', () => checkDatabase(db, note))
  guarded(note, 'the tree of operations', () => checkTrees(db, note))
  guarded(note, 'the references', () => checkReferences(db, note))
  guarded(note, 'the record log', () => checkLog(project, note))
  const blobs = rows<{ hash: BlobHash; size: number; unreferenced: number }>(db, 'SELECT hash, size, unreferenced_since IS NOT NULL AS unreferenced FROM blobs ORDER BY hash')
  let bytes = 0
  for (const [index, blob] of blobs.entries()) {
    options.signal?.throwIfAborted()
    const fault = project.blobs.fault(blob.hash, blob.size)
    bytes += blob.size
    if (fault && blob.unreferenced === 0) note(`project/blob-${fault.what}`, `${fault.sentence} It is ${usesOfBlob(db, blob.hash).join(' and ') || 'used by nothing'}.`)
    if (index % 16 === 0) {
      options.onProgress?.(index, blobs.length)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const count = (table: string): number => rows<{ n: number }>(db, `SELECT count(*) AS n FROM ${table}`)[0]!.n
  return { sound: faults.length === 0, faults, documents: count('documents'), operations: count('operations'), blobs: blobs.length, bytes }
}

type Note = (code: string, sentence: string) => void

function guarded(note: Note, what: string, work: () => void): void {
  try {
    work()
  } catch (error) {
    note('project/unreadable', `While checking ${what}: ${(error as Error).message}.`)
  }
}

function checkDatabase(db: ReadableDb, note: Note): void {
  for (const { integrity_check: text } of db.pragma('integrity_check(10)') as { integrity_check: string }[])
    if (text !== 'ok') note('project/damaged', `The database is damaged: ${text}.`)
  const broken = db.pragma('foreign_key_check') as { table: string; parent: string }[]
  if (broken.length > 0) note('project/damaged', `${broken.length} rows of "${broken[0]!.table}" refer to rows of "${broken[0]!.parent}" that are not there.`)
  for (const difference of schemaDifferences(db)) note('project/schema', `The database holds ${difference}.`)
}

interface TreeRow {
  readonly id: OperationId
  readonly parent: OperationId | null
  readonly document: DocumentId
  readonly depth: number
}

/** Walks every tree from its root, doing and undoing every operation, and compares the head with the rows kept for it. */
function checkTrees(db: ReadableDb, note: Note): void {
  for (const { id: document, head, name } of rows<{ id: DocumentId; head: OperationId | null; name: string }>(db, 'SELECT id, head, name FROM documents ORDER BY id')) {
    const nodes = rows<TreeRow>(db, `SELECT id, parent, document, depth FROM operations WHERE document = :document ORDER BY depth, id`, { document })
    const children = new Map<OperationId | null, TreeRow[]>()
    for (const node of nodes) {
      const siblings = children.get(node.parent)
      if (siblings) siblings.push(node)
      else children.set(node.parent, [node])
    }
    if (children.get(null)?.length !== 1) note('project/tree', `Document "${name}" has ${children.get(null)?.length ?? 0} first operations instead of one.`)
    const walker = new TreeWalker(db, document, note)
    // An explicit stack: a history may be deeper than the call stack.
    const stack = (children.get(null) ?? []).map((node) => ({ node, leave: false }))
    while (stack.length > 0) {
      const { node, leave } = stack.pop()!
      if (leave) {
        walker.step(node, true)
        continue
      }
      walker.step(node, false)
      if (node.id === head) walker.compareHead(name)
      stack.push({ node, leave: true })
      for (const child of children.get(node.id) ?? []) {
        if (child.depth !== node.depth + 1) note('project/tree', `Operation ${child.id} has depth ${child.depth} below one of depth ${node.depth}.`)
        stack.push({ node: child, leave: false })
      }
    }
    if (walker.visited !== nodes.length) note('project/tree', `${nodes.length - walker.visited} operations of document "${name}" are not connected to its first one.`)
    if (!walker.sawHead) note('project/tree', `Document "${name}" stands on operation ${head}, which is not in its tree.`)
  }
}

class TreeWalker {
  readonly #db: ReadableDb
  readonly #document: DocumentId
  readonly #note: Note
  #canvas: string | null = null
  readonly #layers = new Map<LayerId, string>()
  readonly #tiles = new Map<string, TileRef>()
  visited = 0
  sawHead = false

  constructor(db: ReadableDb, document: DocumentId, note: Note) {
    this.#db = db
    this.#document = document
    this.#note = note
  }

  step(node: TreeRow, back: boolean): void {
    if (!back) this.visited++
    const effect = readEffect(this.#db, node.id)
    for (const { layer, before, after } of effect.changes) {
      const [from, to] = back ? [after, before] : [before, after]
      const now = layer === null ? this.#canvas : (this.#layers.get(layer) ?? null)
      if (now !== from) this.#note('project/tree', `Operation ${node.id} changes ${layer === null ? 'the canvas' : `layer ${layer}`} from something else than what was there.`)
      if (layer === null) this.#canvas = to
      else if (to === null) this.#layers.delete(layer)
      else this.#layers.set(layer, to)
    }
    for (const tile of effect.tiles) {
      const [from, to] = back ? [tile.after, tile.before] : [tile.before, tile.after]
      const key = tileKey(tile)
      if (!sameTile(this.#tiles.get(key) ?? null, from)) this.#note('project/tree', `Operation ${node.id} changes the tile ${key} from something else than what was there.`)
      if (to === null) this.#tiles.delete(key)
      else this.#tiles.set(key, to)
    }
  }

  compareHead(name: string): void {
    this.sawHead = true
    const state = readHeadState(this.#db, this.#document)!
    const tiles = readHeadTiles(this.#db, this.#document)
    const canvas = parseCanvas(this.#canvas)
    const same = canvas !== null && canvas.width === state.canvas.width && canvas.height === state.canvas.height
      && JSON.stringify(canvas.extra) === JSON.stringify(state.canvas.extra)
      && this.#layers.size === state.layers.size
      && [...state.layers].every(([id, layer]) => {
        const text = this.#layers.get(id)
        return text !== undefined && JSON.stringify(layerParameters(this.#document, parseLayer(text)!)) === JSON.stringify(layerParameters(this.#document, layer))
      })
      && this.#tiles.size === tiles.size
      && [...tiles].every(([key, tile]) => sameTile(this.#tiles.get(key) ?? null, tile.after))
    if (!same) this.#note('project/tree', `What is kept for document "${name}" differs from what its operations add up to.`)
  }
}

function checkReferences(db: ReadableDb, note: Note): void {
  const unknown = rows<{ hash: string }>(db, `SELECT DISTINCT hash FROM (${REFERENCES}) WHERE hash NOT IN (SELECT hash FROM blobs)`)
  for (const { hash } of unknown) note('project/references', `Something refers to a file ${hash.slice(0, 12)}… that the project does not know.`)
  const packs = rows<{ pack: string }>(db, `
    SELECT after_pack AS pack FROM operation_tiles t WHERE after_pack IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM operation_blobs b WHERE b.operation = t.operation AND b.hash = t.after_pack)
    UNION SELECT pack FROM layer_tiles WHERE pack NOT IN (SELECT hash FROM operation_blobs)`)
  for (const { pack } of packs) note('project/references', `Tiles use a file ${pack.slice(0, 12)}… that no operation counts as its own.`)
  const trashed = rows<{ hash: string }>(db, `SELECT hash FROM blobs WHERE unreferenced_since IS NOT NULL AND hash IN (${REFERENCES})`)
  for (const { hash } of trashed) note('project/references', `The file ${hash.slice(0, 12)}… is in the trash though something refers to it.`)
}

/** Every operation of the database must be in the log, or the log could not rebuild it. */
function checkLog(project: ProjectReader, note: Note): void {
  const content = readLog(projectPaths(project.folder).records)
  for (const fault of content.faults) note('project/log', fault.sentence)
  const logged = new Set<OperationId>()
  const waiting = rows<{ seq: number; line: string }>(project.db, 'SELECT seq, line FROM outbox').map(({ seq, line }) => ({ seq, text: line.slice(line.indexOf('"records":') + 10, -1) }))
  for (const line of [...content.lines, ...waiting]) {
    const parsed = recordSchema.array().safeParse(JSON.parse(line.text))
    if (!parsed.success) note('project/log', `Change ${line.seq} in the record log cannot be understood.`)
    else for (const record of parsed.data) if (record.record === 'operation') logged.add(record.id)
  }
  const missing = rows<{ id: OperationId }>(project.db, 'SELECT id FROM operations').filter(({ id }) => !logged.has(id))
  if (missing.length > 0) note('project/log', `The record log lacks ${missing.length} operations, the first of them ${missing[0]!.id}.`)
}
