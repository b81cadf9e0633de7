/**
 * Projects: those below one root folder, those a person has chosen elsewhere, and which of them are open. A `ref` names
 * a project in the list, an id names one that is open; neither tells where it lies.
 */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { badInput, failed } from '../engine/errors.ts'
import { makeFolder, writeDurably } from '../history/durableFiles.ts'
import { unzipProject } from '../history/archive.ts'
import { createProject, openProject } from '../history/openProject.ts'
import type { Project } from '../history/project.ts'
import type { ProjectReader } from '../history/projectReader.ts'
import { safeName } from './fileTable.ts'
import { Registry, type SessionNames } from './ids.ts'

/** A project that is open. `writable` is null when it can only be looked at; `readOnly` says why. */
export interface OpenProject {
  readonly id: string
  readonly folder: string
  readonly reader: ProjectReader
  readonly writable: Project | null
  readonly readOnly: string | null
  readonly notices: readonly string[]
}

/** A project in the list. */
export interface ListedProject {
  readonly ref: string
  readonly name: string
  readonly folder: string
  readonly modifiedAt: number
  readonly missing: boolean
}

const recentSchema = z.object({ version: z.literal(1), folders: z.array(z.string()) })
/** Folders outside the root that are remembered. */
const MOST_RECENT = 50
const PROGRAM = 'Palimpsest'

/** See the file's head. */
export class OpenProjects {
  readonly root: string
  readonly #recentFile: string
  readonly #names: SessionNames
  readonly #open = new Registry<OpenProject>('prj', 'project')
  /** how many times each was opened and not closed again: two windows may show the same one */
  readonly #holders = new Map<string, number>()
  /** projects that this session has made, by id */
  readonly #made = new Set<string>()

  constructor(root: string, dataDir: string, names: SessionNames) {
    this.root = path.resolve(root)
    this.#recentFile = path.join(dataDir, 'recent-projects.json')
    this.#names = names
  }

  /** Every known project, the last changed first. */
  list(): ListedProject[] {
    const below = fs.existsSync(this.root) ? fs.readdirSync(this.root, { withFileTypes: true }).filter((entry) => entry.isDirectory() && !entry.name.startsWith('.')).map((entry) => path.join(this.root, entry.name)).filter(isProject) : []
    const folders = [...new Set([...below, ...this.#recent()])]
    return folders.map((folder) => this.#listed(folder)).sort((a, b) => b.modifiedAt - a.modifiedAt)
  }

  /** The folder behind a `ref`. @throws EngineError host/unknown-id */
  folderOf(ref: string): string {
    const found = this.list().find((listed) => listed.ref === ref)
    if (!found) throw badInput('host/unknown-id', { thing: 'This project', expected: 'one of the list', found: 'one that is not there any more', todo: 'look at the list again' })
    return found.folder
  }

  /** Makes a project. @param folder where; a free name below the root when absent @throws as createProject */
  create(name: string, folder?: string): OpenProject {
    const target = folder ?? this.#freeFolder(name)
    makeFolder(path.dirname(target))
    const project = createProject(target, name, { program: PROGRAM })
    this.#remember(target)
    const made = this.#register({ folder: target, reader: project, writable: project, readOnly: null, notices: [] })
    this.#made.add(made.id)
    return made
  }

  /** Opens a project; one that is open already is given again. @throws as openProject */
  open(folder: string): OpenProject {
    const already = this.#open.entries().find(([, project]) => project.folder === path.resolve(folder))
    if (already) {
      this.#hold(already[0])
      return already[1]
    }
    const opened = openProject(folder, { program: PROGRAM })
    this.#remember(path.resolve(folder))
    const notices = opened.notices.map((notice) => notice.sentence)
    const writable = opened.mode === 'write' ? opened.project : null
    return this.#register({
      folder: path.resolve(folder), reader: opened.project, writable, notices,
      readOnly: writable ? null : (notices[0] ?? 'This project is open for looking only.'),
    })
  }

  /** Unpacks a `.palimpsest` file below the root and opens it. @throws as unzipProject */
  async openArchive(archive: string, name: string): Promise<OpenProject> {
    makeFolder(this.root)
    const folder = this.#freeFolder(name.replace(/\.palimpsest$/i, ''))
    const unzipped = await unzipProject(archive, folder, { now: Date.now() })
    const opened = this.open(folder)
    return { ...opened, notices: [...unzipped.notices.map((notice) => notice.sentence), ...opened.notices] }
  }

  /** An open project. @throws EngineError host/unknown-id */
  get(id: string): OpenProject {
    return this.#open.get(id)
  }

  /** An open project that can be changed. @throws EngineError project/read-only */
  writable(id: string): OpenProject & { readonly writable: Project } {
    const project = this.get(id)
    const { writable } = project
    if (!writable) throw failed('project/read-only', project.readOnly ?? 'This project is open for looking only.')
    return { ...project, writable }
  }

  /** Every open project. */
  all(): OpenProject[] {
    return this.#open.entries().map(([, project]) => project)
  }

  /** One window has done with it; true when it was the last one, and the project can be closed. */
  letGo(id: string): boolean {
    const holders = (this.#holders.get(id) ?? 1) - 1
    this.#holders.set(id, holders)
    return holders <= 0
  }

  /** Closes one, whoever holds it. One that was just made and never got a document (its picture could not be opened) is taken back. */
  close(id: string): void {
    const project = this.#open.get(id)
    const takenBack = this.#made.delete(id) && project.reader.documents().length === 0
    this.#open.remove(id)
    this.#holders.delete(id)
    project.reader.close()
    if (takenBack) fs.rmSync(project.folder, { recursive: true, force: true })
  }

  #register(project: Omit<OpenProject, 'id'>): OpenProject {
    const opened = { id: '', ...project }
    opened.id = this.#open.mint(opened)
    this.#hold(opened.id)
    return opened
  }

  #hold(id: string): void {
    this.#holders.set(id, (this.#holders.get(id) ?? 0) + 1)
  }

  #listed(folder: string): ListedProject {
    const ref = this.#names.nameOf(`project ${folder}`)
    const stat = fs.statSync(path.join(folder, 'records'), { throwIfNoEntry: false })
    return { ref, name: path.basename(folder), folder, modifiedAt: stat ? lastChange(folder) : 0, missing: !stat }
  }

  #freeFolder(name: string): string {
    const base = safeName(name)
    for (let n = 1; ; n++) {
      const folder = path.join(this.root, n === 1 ? base : `${base} ${n}`)
      if (!fs.existsSync(folder)) return folder
    }
  }

  #recent(): string[] {
    try {
      return recentSchema.parse(JSON.parse(fs.readFileSync(this.#recentFile, 'utf8'))).folders
    } catch {
      return [] // not there yet, or damaged: the list is a convenience
    }
  }

  #remember(folder: string): void {
    if (path.dirname(folder) === this.root) return
    const folders = [folder, ...this.#recent().filter((other) => other !== folder)].slice(0, MOST_RECENT)
    makeFolder(path.dirname(this.#recentFile))
    writeDurably(this.#recentFile, JSON.stringify({ version: 1, folders }))
  }
}

function isProject(folder: string): boolean {
  return fs.existsSync(path.join(folder, 'project.db')) || fs.existsSync(path.join(folder, 'records'))
}

/** When the project was last changed; the database itself must not be opened here (see durableFiles.ts), looking at it is fine. */
function lastChange(folder: string): number {
  const times = ['project.db', 'project.db-wal', 'records'].map((name) => fs.statSync(path.join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? 0)
  return Math.round(Math.max(...times))
}

/** Name of the project setting that holds a name given later. */
const NAME_SETTING = 'name'

/** What a project is called. */
export function projectName(reader: ProjectReader): string {
  const given = reader.setting(NAME_SETTING)
  return typeof given === 'string' ? given : reader.identity().name
}

/** Gives a project another name; its folder keeps its own. */
export function renameProject(project: Project, name: string): void {
  project.setSetting(NAME_SETTING, name)
}
