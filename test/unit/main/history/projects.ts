/** Small projects for the tests of this folder. */
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll } from 'vitest'
import { createProject, openProject } from '../../../../main/history/openProject.ts'
import type { Project } from '../../../../main/history/project.ts'
import type { ProjectNotice } from '../../../../main/history/projectReader.ts'
import type { ProjectOptions } from '../../../../main/history/projectTypes.ts'
import type { DocumentId, OperationId } from '../../../../main/history/ids.ts'
import { newLayer } from '../../../../main/history/layers.ts'
import type { Layer } from '../../../../main/history/model.ts'
import type { TilePixels } from '../../../../main/history/tilePacks.ts'
import { tileBytes } from '../../../../main/history/tilePacks.ts'

/** A folder that goes when the test file is done. */
export function scratch(): string {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'palimpsest-unit-'))
  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A project with one document of a photograph and a paint layer. */
export interface Sample {
  readonly project: Project
  readonly folder: string
  readonly document: DocumentId
  readonly first: OperationId
  readonly photograph: Layer
  readonly paint: Layer
}

/** Makes a {@link Sample} in a new folder below `parent`. The clock starts at 1,000 and goes up by one. */
export function sampleProject(parent: string, name = 'sample', options: ProjectOptions = {}): Sample {
  const folder = path.join(parent, name)
  let clock = 1000
  const project = createProject(folder, name, { now: () => clock++, ...options })
  const source = project.addBlob(Buffer.from('the photograph'), 'image/png')
  const photograph = newLayer({ id: project.newLayerId(), kind: 'image', name: 'Photograph', pixels: { hash: source.hash, width: 800, height: 600 } })
  const paint = newLayer({ id: project.newLayerId(), kind: 'paint', name: 'Paint', position: 1 })
  const { document, operation } = project.createDocument({
    name: 'Photograph', kind: 'open', title: 'Open photograph', canvas: { width: 800, height: 600, extra: {} }, layers: [photograph, paint],
  })
  return { project, folder, document, first: operation, photograph, paint }
}

/** Opens for writing and fails when that is not possible. */
export function reopen(folder: string): { readonly project: Project; readonly notices: readonly ProjectNotice[] } {
  const opened = openProject(folder)
  if (opened.mode !== 'write') throw new Error(`opened read-only: ${opened.notices[0]?.sentence}`)
  return opened
}

/** A tile of one value. */
export function plainTile(value: number, format: TilePixels['format'] = 'grey8'): TilePixels {
  return { format, bytes: new Uint8Array(tileBytes(format)).fill(value) }
}

/** What a call throws, as its sentence; undefined when it does not throw. */
export function sentenceOf(call: () => unknown): string | undefined {
  try {
    call()
  } catch (error) {
    return (error as Error).message
  }
  return undefined
}

/** {@link sentenceOf} for a promise. */
export async function sentenceOfLater(promise: Promise<unknown>): Promise<string | undefined> {
  return promise.then(() => undefined, (error: unknown) => (error as Error).message)
}
