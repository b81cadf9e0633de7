/** Pictures that come into a project: looked at by the engine, kept as they are. */
import fs from 'node:fs'
import path from 'node:path'
import type { BlobInfo } from '../../history/model.ts'
import type { Project } from '../../history/project.ts'
import type { HostServices } from '../services.ts'
import { pyramidKey } from './pyramids.ts'

/** What `inspect` says of a picture. Lengths in pixels of the upright picture. */
export interface PictureFacts {
  readonly format: string
  readonly width: number
  readonly height: number
  readonly depth: number
  readonly channels: number
  readonly alpha: boolean
  readonly profile: string | null
  readonly bytes: number
  readonly recipe: Record<string, unknown> | null
  readonly notes: readonly string[]
}

const MEDIA: Readonly<Record<string, string>> = { jpeg: 'image/jpeg', jpg: 'image/jpeg', png: 'image/png', webp: 'image/webp', tiff: 'image/tiff', avif: 'image/avif', gif: 'image/gif', heif: 'image/heif' }

/** Looks at a picture file. @throws EngineError as the engine's `inspect`: not a picture, too large, damaged */
export async function inspectPicture(services: HostServices, file: string): Promise<PictureFacts> {
  return (await services.pixels.run({ task: 'inspect', image: file })) as unknown as PictureFacts // as the task tells it
}

/**
 * Takes a picture into a project, together with the tiles that show it. Cutting those decodes all of it: what turns out
 * damaged halfway never becomes part of a document. @throws EngineError as {@link inspectPicture}; project/disk-full
 */
export async function importPicture(services: HostServices, project: Project, file: string): Promise<{ readonly blob: BlobInfo; readonly facts: PictureFacts }> {
  const facts = await inspectPicture(services, file)
  const tiles = services.scratch.path('pyramid.tiles')
  try {
    await services.pixels.run({ task: 'tiles', image: file, kind: 'picture', out: tiles })
    const blob = await project.addBlobFile(file, mediaOfFormat(facts.format))
    const key = pyramidKey(blob.hash, 'picture')
    if (!project.cache.get(key)) project.cache.putFile(key, 'tiles', tiles, {}, Date.now())
    return { facts, blob }
  } finally {
    fs.rmSync(tiles, { force: true })
  }
}

/** The media type of a format's name. */
export function mediaOfFormat(format: string): string {
  return MEDIA[format] ?? 'application/octet-stream'
}

/** The name of a document made of a file: without its ending. */
export function documentName(name: string): string {
  return path.parse(name).name || name
}

/** Bytes of a file that is then removed. */
export function takeFile(file: string): Uint8Array {
  const bytes = fs.readFileSync(file)
  fs.rmSync(file, { force: true })
  return bytes
}
