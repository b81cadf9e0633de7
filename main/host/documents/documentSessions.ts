/** The documents that are open, by project; thumbnails of their history, made when nobody draws. */
import fs from 'node:fs'
import type { ProjectView } from '../../../preload/contract/documents.ts'
import type { BlobHash, DocumentId, OperationId } from '../../history/ids.ts'
import { forLog } from '../errors.ts'
import { type OpenProject, projectName } from '../openProjects.ts'
import type { HostServices } from '../services.ts'
import { DocumentSession } from './documentSession.ts'
import { Pyramids } from './pyramids.ts'

/** A thumbnail is made when the document has stood still for so long, milliseconds. */
const THUMBNAIL_AFTER_MS = 1500
/** Steps that were passed too quickly for a thumbnail get theirs when the document rests, so many at a time. */
const PASSED_AT_ONCE = 40
/** Longest side of a thumbnail in pixels. */
export const THUMBNAIL_SIDE = 256

interface ProjectParts {
  readonly pyramids: Pyramids
  readonly sessions: Map<DocumentId, DocumentSession>
}

/** See the file's head. */
export class DocumentSessions {
  readonly #services: HostServices
  readonly #parts = new Map<string, ProjectParts>()
  readonly #timers = new Map<DocumentSession, NodeJS.Timeout>()
  /** told when a document has stood still for a while */
  onRest: (session: DocumentSession) => void = () => undefined

  constructor(services: HostServices) {
    this.#services = services
  }

  /** The session of a document; opens it. @throws EngineError host/unknown-id, project/no-such-document */
  get(project: string, document: number): DocumentSession {
    const opened = this.#services.projects.get(project)
    const parts = this.#partsOf(opened)
    const id = document as DocumentId // a number that is none finds no document
    const known = parts.sessions.get(id)
    if (known) return known
    const session = new DocumentSession(this.#services, opened, id, parts.pyramids, { onHead: (changed, operation) => this.#changed(changed, operation) })
    parts.sessions.set(id, session)
    this.#changed(session, session.head)
    return session
  }

  /** The display pyramids of a project. */
  pyramids(opened: OpenProject): Pyramids {
    return this.#partsOf(opened).pyramids
  }

  /** Every open document. */
  all(): DocumentSession[] {
    return [...this.#parts.values()].flatMap(({ sessions }) => [...sessions.values()])
  }

  /** A project as a window sees it. */
  projectView(opened: OpenProject): ProjectView {
    return {
      project: opened.id, name: projectName(opened.reader), readOnly: opened.readOnly, notices: [...opened.notices],
      documents: opened.reader.documents().map((document) => ({
        document: document.id, name: document.name, width: document.width, height: document.height, operations: document.operations, createdAt: document.createdAt,
        thumbnail: this.mediaOf(opened, document.thumbnail),
      })),
    }
  }

  /** The media key of a blob; null for none. */
  mediaOf(opened: OpenProject, hash: BlobHash | null): string | null {
    if (hash === null) return null
    return this.#services.media.offer(`blob ${opened.id} ${hash}`, () => ({ bytes: opened.reader.blob(hash), media: opened.reader.blobInfo(hash)?.media ?? 'application/octet-stream' }))
  }

  /** Tells every window how a project stands. */
  projectChanged(opened: OpenProject): ProjectView {
    const view = this.projectView(opened)
    this.#services.emit('project.changed', { view })
    return view
  }

  /** Closes the documents of a project, and the project. */
  closeProject(opened: OpenProject): void {
    const parts = this.#parts.get(opened.id)
    for (const session of parts?.sessions.values() ?? []) {
      clearTimeout(this.#timers.get(session))
      this.#timers.delete(session)
      session.close()
    }
    parts?.pyramids.close()
    this.#parts.delete(opened.id)
    this.#services.projects.close(opened.id)
  }

  /** Closes everything. */
  close(): void {
    for (const opened of this.#services.projects.all()) this.closeProject(opened)
  }

  #partsOf(opened: OpenProject): ProjectParts {
    const parts = this.#parts.get(opened.id) ?? { pyramids: new Pyramids(opened, this.#services.pixels, this.#services.scratch), sessions: new Map() }
    this.#parts.set(opened.id, parts)
    return parts
  }

  #changed(session: DocumentSession, operation: OperationId): void {
    clearTimeout(this.#timers.get(session))
    this.#timers.set(session, setTimeout(() => {
      this.#timers.delete(session)
      this.#makeThumbnails(session, operation).catch((error: unknown) => this.#services.log.write(`a thumbnail could not be made: ${forLog(error)}`))
      this.onRest(session)
    }, THUMBNAIL_AFTER_MS).unref())
  }

  /** The step that the document stands at, then those that were passed too quickly, the newest first, until somebody goes on. */
  async #makeThumbnails(session: DocumentSession, here: OperationId): Promise<void> {
    const { opened } = session
    if (!opened.writable || session.head !== here) return
    await this.#makeThumbnail(session, here)
    const passed = opened.reader.operations(session.document).filter(({ thumbnail, id }) => thumbnail === null && id !== here).slice(-PASSED_AT_ONCE).reverse()
    for (const { id } of passed) {
      if (this.#timers.has(session) || !this.#parts.has(opened.id) || session.head !== here) return
      await this.#makeThumbnail(session, id)
    }
  }

  async #makeThumbnail(session: DocumentSession, operation: OperationId): Promise<void> {
    const { opened } = session
    if (!opened.writable || opened.reader.operation(operation).thumbnail !== null) return
    const out = this.#services.scratch.path('thumbnail.webp')
    try {
      await this.#services.pixels.run({ task: 'thumbnail', document: await session.pixels.document(operation), side: THUMBNAIL_SIDE, out }, { urgency: 'idle' })
      if (!this.#parts.has(opened.id)) return // closed meanwhile
      opened.writable.setThumbnail(operation, fs.readFileSync(out), 'image/webp')
      session.historyChanged()
      this.projectChanged(opened)
    } finally {
      fs.rmSync(out, { force: true })
    }
  }
}
