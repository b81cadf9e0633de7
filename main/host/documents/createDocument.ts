/** New documents: from a picture, the bundled sample, or a blank canvas. */
import path from 'node:path'
import { badInput } from '../../engine/errors.ts'
import type { DocumentId } from '../../history/ids.ts'
import { newLayer } from '../../history/layers.ts'
import type { Json } from '../../history/model.ts'
import type { Project } from '../../history/project.ts'
import type { HostServices } from '../services.ts'
import { documentName, importPicture } from './importPicture.ts'
import { factsExtra } from './sourceFacts.ts'

/** What a new document is made of; exactly one of picture and blank. */
export interface NewDocument {
  readonly picture?: { readonly path: string; readonly name: string } | undefined
  readonly blank?: { readonly width: number; readonly height: number; readonly colour: string | null } | undefined
  readonly name?: string | undefined
}

/** The largest canvas the engine composes, in pixels. */
const MOST_PIXELS = 400e6

/** Makes a document. @throws EngineError as importPicture; document/source (exit 2) */
export async function createDocument(services: HostServices, project: Project, { picture, blank, name }: NewDocument): Promise<DocumentId> {
  if ((picture === undefined) === (blank === undefined)) throw badInput('document/source', { thing: 'A new document', expected: 'either a picture or a size', found: picture === undefined ? 'neither' : 'both' })
  return picture ? fromPicture(services, project, picture, name) : fromNothing(project, blank!, name)
}

async function fromPicture(services: HostServices, project: Project, picture: { readonly path: string; readonly name: string }, name: string | undefined): Promise<DocumentId> {
  const { blob, facts } = await importPicture(services, project, picture.path)
  const title = name ?? documentName(picture.name)
  const { width, height, format, depth, profile, bytes } = facts
  const extra = factsExtra({ base: blob.hash, background: null, source: { name: path.basename(picture.name), format, depth, profile, bytes } })
  const layer = newLayer({ id: project.newLayerId(), kind: 'image', name: title, pixels: { hash: blob.hash, width, height } })
  const params: Record<string, Json> = { name: picture.name, ...(facts.recipe ? { recipe: JSON.parse(JSON.stringify(facts.recipe)) as Json } : {}) }
  return project.createDocument({
    name: title, kind: 'open', title: `Open ${picture.name}`.slice(0, 1000), params, canvas: { width, height, extra }, layers: [layer],
    inputs: [{ role: 'image', hash: blob.hash, source: { from: 'blob' } }],
  }).document
}

function fromNothing(project: Project, { width, height, colour }: NonNullable<NewDocument['blank']>, name: string | undefined): DocumentId {
  if (width * height > MOST_PIXELS) throw badInput('document/too-large', { thing: 'A new document', expected: `at most ${MOST_PIXELS / 1e6} megapixels`, found: `${width} x ${height}`, todo: 'make it smaller' })
  const title = name ?? 'Untitled'
  const layer = newLayer({ id: project.newLayerId(), kind: 'paint', name: 'Paint' })
  return project.createDocument({
    name: title, kind: 'new', title: 'New document', params: { width, height, colour }, layers: [layer],
    canvas: { width, height, extra: factsExtra({ base: null, background: colour, source: null }) },
  }).document
}
