/**
 * Measures a project with many operations: time to open, time to append an operation beside a bare fsync taken in the
 * same run, time of undo, of the history panel's list and of a jump through the whole tree.
 *
 * An append begins with the pixels at hand (making the test's pictures is not timed) and ends when the operation is on
 * the disk. Two bare fsyncs are taken: of 4 KB added to a file (nothing could be less), and of as many bytes as the
 * append before it put into the write-ahead log (the least that it had to flush). Between two appends the event loop
 * turns once, as in the program; what runs there (emptying the write-ahead log, flushes of files) is timed by itself.
 *
 *     node scripts/run.mjs scripts/long/historyFigures.ts [operations, default 10000] [folder]
 */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { createProject, openProject } from '../../main/history/openProject.ts'
import type { Project } from '../../main/history/project.ts'
import type { DocumentId, LayerId } from '../../main/history/ids.ts'
import { newLayer } from '../../main/history/layers.ts'
import { checkProject } from '../../main/history/checkProject.ts'

/** Times of one kind of step in milliseconds. */
class Times {
  readonly #all: number[] = []

  take<T>(work: () => T): T {
    const start = performance.now()
    const result = work()
    this.add(performance.now() - start)
    return result
  }

  add(ms: number): void {
    this.#all.push(ms)
  }

  at(share: number): number {
    const sorted = [...this.#all].sort((a, b) => a - b)
    return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
  }

  toString(): string {
    return `p50 ${this.at(0.5).toFixed(2)} ms, p95 ${this.at(0.95).toFixed(2)} ms, p99 ${this.at(0.99).toFixed(2)} ms (${this.#all.length})`
  }
}

async function main(): Promise<void> {
  const count = Number(process.argv[2] ?? 10_000)
  const scratch = fs.mkdtempSync(path.join(process.argv[3] ?? os.tmpdir(), 'palimpsest-figures-'))
  try {
    const folder = path.join(scratch, 'project')
    const project = createProject(folder, 'Figures')
    const document = furnish(project)
    await append(project, document, count, path.join(scratch, 'bare'))
    project.close()
    await reopen(folder, document)
  } finally {
    fs.rmSync(scratch, { recursive: true, force: true })
  }
}

function furnish(project: Project): DocumentId {
  const source = project.addBlob(Buffer.alloc(1 << 20, 7), 'image/png')
  const names: ['image' | 'paint' | 'mask', string][] = [['image', 'Photograph'], ['paint', 'Paint'], ['mask', 'Mask']]
  return project.createDocument({
    name: 'Photograph', kind: 'open', title: 'Open photograph', canvas: { width: 6000, height: 4000, extra: {} },
    layers: names.map(([kind, name], position) => newLayer({
      id: project.newLayerId(), kind, name, position, pixels: kind === 'image' ? { hash: source.hash, width: 6000, height: 4000 } : null,
    })),
  }).document
}

/** A mixed day: every operation is one of a change of layers, a stroke of three tiles, an edit with a result of 64 KB. */
async function append(project: Project, document: DocumentId, count: number, bareFile: string): Promise<void> {
  const bare = new Times()
  const bareSame = new Times()
  const between = new Times()
  const kinds = { 'layer change': new Times(), 'stroke of 3 tiles': new Times(), 'edit with a 64 KB result': new Times() }
  const all = new Times()
  const fd = fs.openSync(bareFile, 'w')
  const page = Buffer.alloc(4096, 1)
  const log = path.join(project.folder, 'project.db-wal')
  const logBytes = (): number => fs.statSync(log, { throwIfNoEntry: false })?.size ?? 0
  let flushed = Buffer.alloc(0)
  let total = 0
  const paint = 2 as LayerId // furnish() numbered it
  for (let index = 0; index < count; index++) {
    if (index % 5 === 1) for (const [times, bytes] of [[bare, page], [bareSame, flushed]] as const) times.take(() => {
      fs.writeSync(fd, bytes)
      fs.fsyncSync(fd)
    })
    const commit = [layerChange, stroke, edit][index % 3]!(project, document, paint, index)
    const times = Object.values(kinds)[index % 3]!
    const logged = logBytes()
    all.take(() => times.take(commit))
    flushed = Buffer.alloc(Math.max(0, logBytes() - logged), 1)
    total += flushed.length
    const start = performance.now()
    await new Promise((resolve) => setImmediate(resolve))
    between.add(performance.now() - start)
    // Off the beaten path now and then, so that it is a tree.
    if (index % 500 === 499) for (let back = 0; back < 20; back++) project.undo(document)
  }
  fs.closeSync(fd)
  console.log(`bare fsync of 4 KB: ${bare.toString()}`)
  console.log(`bare fsync of as much as an append (${Math.round(total / count / 1024)} KB on average): ${bareSame.toString()}`)
  for (const [name, times] of Object.entries(kinds)) console.log(`append, ${name}: ${times.toString()}`)
  console.log(`append, all: ${all.toString()}`)
  console.log(`between appends (emptying the write-ahead log): ${between.toString()}`)
  for (const [name, floor] of [['4 KB', bare], ['as much', bareSame]] as const)
    console.log(`append / bare fsync of ${name}: p95 ${(all.at(0.95) / floor.at(0.95)).toFixed(2)} (at most 3 asked), p50 ${(all.at(0.5) / floor.at(0.5)).toFixed(2)}`)
}

function layerChange(project: Project, document: DocumentId, paint: LayerId, index: number): () => void {
  const layer = project.state(document).layers.get(paint)!
  return () => void project.commitOperation(document, { kind: 'layer', title: 'Opacity', layers: [{ ...layer, opacity: (index % 100) / 100 }] })
}

function stroke(project: Project, document: DocumentId, paint: LayerId, index: number): () => void {
  const bytes = new Uint8Array(256 * 256 * 4).fill(index % 251, 0, 40_000 + (index % 1000) * 100)
  return () => void project.commitOperation(document, {
    kind: 'stroke', title: 'Brush', params: { size: 40, hardness: 0.8 },
    tiles: [0, 1, 2].map((x) => ({ layer: paint, plane: 'pixels', x: (index + x) % 23, y: index % 15, pixels: { format: 'rgba8', bytes } })),
  })
}

function edit(project: Project, document: DocumentId, _paint: LayerId, index: number): () => void {
  const bytes = Buffer.alloc(65_536)
  for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE((index * 2_654_435_761 + at * 40_503) >>> 0, at)
  return () => {
    const result = project.addBlob(bytes, 'image/png')
    project.commitOperation(document, {
      kind: 'inpaint', title: 'Fill: a red car', seed: index, engineVersion: '0.1.0', model: 'starter-inpaint', modelHash: 'a'.repeat(64), durationMs: 1234,
      params: { prompt: 'a red car on a wet street at night', negative: '', steps: 20, guidance: 5, strength: 1, grow: 4, feather: 8, scheduler: 'dpmpp2m' },
      results: [{ role: 'patch', hash: result.hash, width: 256, height: 256, seed: index }],
    })
  }
}

async function reopen(folder: string, document: DocumentId): Promise<void> {
  const opening = new Times()
  for (let round = 0; round < 5; round++) {
    const opened = opening.take(() => openProject(folder))
    if (opened.notices.length > 0) console.log(opened.notices)
    if (round === 0) console.log(`first open after closing: ${opening.toString()}`)
    opened.project.close()
  }
  console.log(`open: ${opening.toString()}; at most 500 ms asked`)
  const opened = openProject(folder)
  if (opened.mode !== 'write') throw new Error('opened read-only')
  const { project } = opened
  const timed = <T>(what: string, work: () => T): T => {
    const times = new Times()
    const result = times.take(work)
    console.log(`${what}: ${times.at(0.5).toFixed(1)} ms`)
    return result
  }
  timed('list of all operations', () => project.operations(document))
  const tree = timed('tree of all operations', () => project.tree(document))
  timed('state at the head', () => project.state(document))
  const undo = new Times()
  for (let step = 0; step < 200; step++) undo.take(() => project.undo(document))
  console.log(`undo: ${undo.toString()}`)
  timed('jump to the first operation', () => project.goTo(document, tree[0]!.id))
  timed('jump back to the newest', () => project.goTo(document, tree.at(-1)!.id))
  const start = performance.now()
  const report = await checkProject(project)
  console.log(`full check: ${((performance.now() - start) / 1000).toFixed(1)} s, ${report.operations} operations, ${report.blobs} files, ${report.faults.length} faults`)
  const size = (name: string): string => `${(fs.statSync(path.join(folder, name)).size / 2 ** 20).toFixed(1)} MiB`
  console.log(`project.db ${size('project.db')}`)
  project.close()
}

await main()
