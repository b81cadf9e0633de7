/** Export: composed by the engine from the source's own samples, never from what a window shows. */
import fs from 'node:fs'
import path from 'node:path'
import type { ExportFormat } from '../../../preload/contract/documents.ts'
import { diskFault, renameOver } from '../../history/durableFiles.ts'
import { copyAsRecipe } from '../../history/recipeFromHistory.ts'
import { aloneWith } from '../../history/layers.ts'
import type { Json } from '../../history/model.ts'
import type { GrantedTarget } from '../fileTable.ts'
import type { DocumentSession } from './documentSession.ts'

const ENDINGS: Readonly<Record<ExportFormat['type'], string>> = { png: '.png', jpeg: '.jpg', webp: '.webp', tiff: '.tif', ora: '.ora' }

/** What was written. */
export interface Exported {
  readonly bytes: number
  readonly width: number
  readonly height: number
  readonly notes: string[]
}

/** Writes the document, or one layer of it. @throws EngineError as the engine's `compose`; project/disk-full */
export async function exportDocument(session: DocumentSession, target: GrantedTarget, format: ExportFormat): Promise<Exported> {
  const { services, state } = session
  const layer = format.layer === null ? null : session.layer(format.layer)
  return services.scratch.within(async (folder) => {
    const out = path.join(folder, `export${ENDINGS[format.type]}`)
    const notes: string[] = []
    if (layer?.kind === 'mask') {
      const mask = await session.pixels.canvasMask(layer, 'pixels', path.join(folder, 'mask.png'))
      await services.pixels.run({ task: 'picture', image: mask, out, quality: format.quality })
    } else {
      await services.pixels.run(await composeRequest(session, format, out), { onEvent: (event) => { if (event.event === 'warning') notes.push(services.scrub.text(event.message)) } })
    }
    put(out, target.path)
    return { bytes: fs.statSync(target.path).size, width: state.canvas.width, height: state.canvas.height, notes }
  })
}

async function composeRequest(session: DocumentSession, { type, depth, quality, metadata, recipe, layer }: ExportFormat, out: string): Promise<Record<string, unknown>> {
  const only = layer === null ? undefined : aloneWith(session.state, session.layer(layer).id)
  const document = await session.pixels.document(undefined, only && ((other) => only.has(other.id)))
  const lossy = type === 'jpeg' || type === 'webp'
  const untouched = only === undefined && session.opened.reader.operation(session.head).parent === null
  const embedded = recipe && !untouched && type !== 'ora' ? recipeOf(session) : undefined
  return {
    task: 'compose', ...document, ...(only === undefined ? {} : { canvas: { ...document.canvas, background: null } }), out, format: type, metadata,
    ...(depth === null ? {} : { depth }), ...(lossy ? { quality } : {}), ...(embedded ? { recipe: embedded } : {}),
  }
}

/** How the picture was made: the steps of its history that the engine can do again; undefined when there are none. */
function recipeOf(session: DocumentSession): Record<string, Json> | undefined {
  const { reader } = session.opened
  try {
    const { text, leftOut } = copyAsRecipe(reader, reader.ancestry(session.head))
    return { program: 'Palimpsest', version: session.services.setting.version, recipe: JSON.parse(text) as Json, otherSteps: leftOut.length }
  } catch {
    return undefined // strokes and layers only: there is nothing to repeat
  }
}

/** Puts a finished file in its place; the copy for another disk is written beside it first. @throws EngineError project/disk-full */
export function put(from: string, to: string): void {
  try {
    const beside = `${to}.part`
    fs.copyFileSync(from, beside)
    renameOver(beside, to)
  } catch (error) {
    throw diskFault(to, error)
  }
}
