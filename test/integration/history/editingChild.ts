/**
 * A program that edits a project at random until it is killed. After each change has returned, it writes one line of
 * JSON: what it was promised. Whoever killed it compares the project with those lines.
 *
 * Arguments: project folder, seed, most changes to make (0 = no end).
 */
import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { openProject } from '../../../main/history/openProject.ts'
import type { Project } from '../../../main/history/project.ts'
import type { DocumentId, LayerId, OperationId, StrokeId } from '../../../main/history/ids.ts'
import { newLayer } from '../../../main/history/layers.ts'
import { PENDING_BYTES } from '../../../main/history/pendingBlobs.ts'
import { emptyTrash, sweepBlobs } from '../../../main/history/trash.ts'
import type { TilePixels } from '../../../main/history/tilePacks.ts'

/** What one returned call promised. Absent fields are as before. */
export interface KeptPromise {
  readonly seq: number
  /** the document stands here */
  readonly head?: OperationId
  /** this operation exists, with this title and these blobs */
  readonly operation?: { readonly id: OperationId; readonly title: string; readonly blobs: readonly string[] }
  /** this stroke is saved with tiles of this digest; null: it is no longer there */
  readonly stroke?: { readonly id: StrokeId; readonly digest: string | null }
  readonly setting?: number
}

/** Digest of a stroke's saved tiles. */
export function strokeDigest(tiles: readonly { readonly x: number; readonly y: number; readonly pixels: TilePixels }[]): string {
  const hasher = createHash('sha256')
  for (const tile of [...tiles].sort((a, b) => a.y - b.y || a.x - b.x)) hasher.update(`${tile.x},${tile.y}`).update(tile.pixels.bytes)
  return hasher.digest('hex')
}

/** Random numbers 0..1 from a seed (mulberry32): the same edits for the same seed. */
export function randomSource(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

function edit(project: Project, document: DocumentId, random: () => number, say: (promise: Omit<KeptPromise, 'seq'>) => void): void {
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => Math.floor(random() * 256)))
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(random() * list.length)]
  const tile = (): TilePixels => ({ format: 'grey8', bytes: new Uint8Array(65536).fill(Math.floor(random() * 256), 0, Math.floor(random() * 65536)) })
  const layers = [...project.state(document).layers.values()]
  const told = (id: OperationId): void => {
    const made = project.operation(id)
    say({ head: project.head(document), operation: { id, title: made.title, blobs: made.results.map((result) => result.hash) } })
  }
  const paint = layers.find((layer) => layer.kind === 'paint')?.id as LayerId // every test document has one
  const roll = random()
  if (roll < 0.3) {
    // some beyond what a commit carries: those are flushed on their own
    const large = random() < 0.2 ? PENDING_BYTES + 1 + Math.floor(random() * 50_000) : 0
    const result = project.addBlob(Buffer.concat([bytes(200 + Math.floor(random() * 5000)), Buffer.alloc(large)]), 'image/png')
    const layer = newLayer({ id: project.newLayerId(), kind: 'edit-result', name: 'Result', position: layers.length, pixels: { hash: result.hash, width: 64, height: 64 } })
    told(project.commitOperation(document, {
      kind: 'inpaint', title: `Fill ${Math.floor(random() * 1e9)}`, seed: Math.floor(random() * 1e9), params: { prompt: 'a red car', steps: 20 }, layers: [layer],
      results: [{ role: 'patch', hash: result.hash, width: 64, height: 64 }],
    }))
  } else if (roll < 0.5) {
    const tiles = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, x) => ({ layer: paint, plane: 'pixels' as const, x, y: 0, pixels: tile() }))
    told(project.commitOperation(document, { kind: 'stroke', title: `Brush ${Math.floor(random() * 1e9)}`, tiles }))
  } else if (roll < 0.65) {
    const open = project.strokesInProgress()[0]
    const tiles = [{ x: Math.floor(random() * 3), y: 0, pixels: tile() }]
    const id = project.autosaveStroke(open?.id ?? { document, layer: paint, plane: 'pixels', title: 'Brush', tool: { size: 9 } }, tiles)
    say({ stroke: { id, digest: strokeDigest(project.strokeTiles(id)) } })
  } else if (roll < 0.7) {
    const open = project.strokesInProgress()[0]
    if (!open) return
    const id = project.commitOperation(document, { kind: 'stroke', title: `Finished ${Math.floor(random() * 1e9)}`, stroke: open.id })
    say({ head: project.head(document), stroke: { id: open.id, digest: null }, operation: { id, title: project.operation(id).title, blobs: [] } })
  } else if (roll < 0.78) {
    project.undo(document)
    say({ head: project.head(document) })
  } else if (roll < 0.84) {
    project.redo(document)
    say({ head: project.head(document) })
  } else if (roll < 0.88) {
    project.goTo(document, pick(project.operations(document).filter((item) => item.state === 'applied'))!.id)
    say({ head: project.head(document) })
  } else if (roll < 0.92) {
    const value = Math.floor(random() * 1e9)
    project.setSetting('test', value)
    say({ setting: value })
  } else if (roll < 0.95) {
    const result = project.addBlob(bytes(800), 'image/png')
    const id = project.stageOperation(document, { kind: 'inpaint', title: `Staged ${Math.floor(random() * 1e9)}`, results: [{ role: 'patch', hash: result.hash }] })
    told(id)
    if (random() < 0.6) project.acceptOperation(id, [0], { layers: [newLayer({ id: project.newLayerId(), kind: 'edit-result', name: 'Accepted', position: layers.length, pixels: { hash: result.hash, width: 8, height: 8 } })] })
    else project.rejectOperation(id)
    say({ head: project.head(document) })
  } else if (roll < 0.98) {
    project.cache.put(`key ${Math.floor(random() * 5)}`, 'inversion', bytes(3000), {}, 0)
  } else {
    sweepBlobs(project, Date.now())
    emptyTrash(project, { now: Date.now() })
  }
}

/** Makes the small project that the child edits. */
export function furnish(project: Project): DocumentId {
  const source = project.addBlob(Buffer.from('the picture that was opened'), 'image/png')
  return project.createDocument({
    name: 'Photograph', kind: 'open', title: 'Open photograph', canvas: { width: 1024, height: 768, extra: {} },
    layers: [
      newLayer({ id: project.newLayerId(), kind: 'image', name: 'Photograph', pixels: { hash: source.hash, width: 1024, height: 768 } }),
      newLayer({ id: project.newLayerId(), kind: 'paint', name: 'Paint', position: 1 }),
    ],
  }).document
}

function main(folder: string, seed: number, most: number): void {
  const opened = openProject(folder, { program: 'the test', cacheBytes: 8000 })
  if (opened.mode !== 'write') throw new Error(opened.notices[0]?.sentence ?? 'read-only')
  const random = randomSource(seed)
  const document = opened.project.documents()[0]!.id
  const say = (promise: Omit<KeptPromise, 'seq'>): void => void fs.writeSync(1, `${JSON.stringify({ seq: opened.project.sequence(), ...promise } satisfies KeptPromise)}\n`)
  say({})
  let done = 0
  // Turns of the event loop in between, so that what the store does in the background happens too.
  const turn = (): void => {
    for (let burst = 0; burst < 5; burst++) {
      edit(opened.project, document, random, say)
      if (++done === most) {
        // Stays open: the parent kills a project that is being edited.
        fs.writeSync(1, '"done"\n')
        setInterval(() => undefined, 1000)
        return
      }
    }
    setTimeout(turn, random() < 0.1 ? 20 : 0)
  }
  turn()
}

if (process.argv[2] !== undefined && import.meta.url.endsWith('editingChild.ts') && process.argv[1]?.endsWith('editingChild.ts'))
  main(process.argv[2], Number(process.argv[3]), Number(process.argv[4] ?? 0))
