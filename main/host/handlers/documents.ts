/** Documents: opening, changing, tiles, masks, export, copying. */
import path from 'node:path'
import type { documentMethods } from '../../../preload/contract/documents.ts'
import { badInput } from '../../engine/errors.ts'
import type { DocumentId, LayerId, OperationId } from '../../history/ids.ts'
import { workOut } from '../changes/change.ts'
import { createDocument } from '../documents/createDocument.ts'
import { copyPixels, pickColour } from '../documents/copyPixels.ts'
import type { DocumentSession } from '../documents/documentSession.ts'
import { exportDocument } from '../documents/exportDocument.ts'
import { writePicture } from '../documents/writePicture.ts'
import { stagedTile } from '../edits/stagedTiles.ts'
import { stagedResults } from '../edits/staging.ts'
import type { HostParts } from '../host.ts'
import type { Topic } from './topic.ts'

type DocumentMethods = Omit<typeof documentMethods, Extract<keyof typeof documentMethods, `projects.${string}` | `stroke.${string}`>>
type InDocument = { readonly project: string; readonly document: number }

/** See {@link Topic}. */
export function documentHandlers({ services, sessions, maps }: HostParts): Topic<DocumentMethods> {
  const { projects, files, setting } = services
  const at = ({ project, document }: InDocument): DocumentSession => sessions.get(project, document)
  return {
    'documents.create': async ({ project, file, blank, sample, name }) => {
      const opened = projects.writable(project)
      const chosen = sample ? { path: setting.sample, name: path.basename(setting.sample) } : file === undefined ? undefined : { ...files.file(file), path: files.plainFile(file) }
      const document = await createDocument(services, opened.writable, { picture: chosen, blank, name })
      sessions.projectChanged(opened)
      return sessions.get(project, document).view()
    },
    'documents.open': (which) => at(which).view(),
    'documents.rename': ({ name, ...which }) => {
      const session = at(which)
      session.project.renameDocument(session.document, name)
      sessions.projectChanged(session.opened)
      return session.changed('rename')
    },
    'documents.trash': ({ project, document, trashed }) => {
      const opened = projects.writable(project)
      opened.writable.trashDocument(document as DocumentId, trashed) // a number that is none is refused there
      return sessions.projectChanged(opened)
    },
    'document.change': ({ base, change, ...which }) => {
      const session = at(which)
      return session.changeFrom(base, async () => {
        const { draft, activeMask } = await workOut(session, maps, change)
        return session.commit(draft, change.change, activeMask)
      })
    },
    'document.activeMask': ({ layer, ...which }) => at(which).setActiveMask(layer as LayerId | null), // a number that is none is refused there
    'document.saveMask': async ({ layer: id, name, ...which }) => {
      const session = at(which)
      const layer = session.layer(id)
      const { width, height } = session.state.canvas
      const blob = await services.scratch.within(async (folder) =>
        session.project.addBlobFile(await session.pixels.canvasMask(layer, layer.kind === 'mask' ? 'pixels' : 'mask', path.join(folder, 'mask.png')), 'image/png'))
      return { mask: session.project.saveMask(session.document, { name, hash: blob.hash, width, height, origin: { from: 'drawn' } }) }
    },
    'document.masks': (which) => {
      const { opened, document } = at(which)
      return { masks: opened.reader.masks(document).map(({ id, name, hash, createdAt }) => ({ mask: id, name, createdAt, thumbnail: sessions.mediaOf(opened, hash)! })) } // a hash always has media
    },
    'document.export': ({ target, format, ...which }) => exportDocument(at(which), files.target(target), format),
    'document.picture': async ({ target, of, ...which }) => ({ bytes: (await writePicture(at(which), files.target(target), of)).bytes }),
    'document.copy': ({ layer, box, masked, ...which }) => copyPixels(at(which), { layer, box, masked }),
    'document.pick': ({ x, y, ...which }) => pickColour(at(which), x, y),
    'tiles.read': async ({ tiles, ...which }) => {
      const session = at(which)
      const { version } = session
      const found = await Promise.all(tiles.map(async (tile) => ({ ...tile, bytes: await session.tiles.read(tile.layer as LayerId, tile.plane, tile) }))) // a layer that is none has no tiles
      return { tiles: found, version }
    },
    'tiles.staged': async ({ operation: id, ordinal, tiles, ...which }) => {
      const session = at(which)
      const operation = session.opened.reader.operation(id as OperationId) // a number that is none is refused there
      const result = operation.document === session.document ? stagedResults(operation)[ordinal] : undefined
      if (!result) throw badInput('staging/no-result', { thing: 'This result', expected: 'one that waits in the strip', found: 'none', todo: 'look at the strip again' })
      const pyramids = sessions.pyramids(session.opened)
      return { tiles: await Promise.all(tiles.map(async (tile) => ({ ...tile, bytes: await stagedTile(pyramids, result, tile) }))) }
    },
  }
}
