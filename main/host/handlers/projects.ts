/** Projects: the list, making, opening, closing, mending, packing. */
import fs from 'node:fs'
import path from 'node:path'
import type { documentMethods } from '../../../preload/contract/documents.ts'
import { badInput } from '../../engine/errors.ts'
import { zipProject } from '../../history/archive.ts'
import { openReadable, rows } from '../../history/db.ts'
import { projectPaths } from '../../history/projectReader.ts'
import { repairProject } from '../../history/repair.ts'
import type { HostParts } from '../host.ts'
import { type OpenProject, projectName, renameProject } from '../openProjects.ts'
import type { Topic } from './topic.ts'

type ProjectMethods = Pick<typeof documentMethods, Extract<keyof typeof documentMethods, `projects.${string}`>>
const ARCHIVE = /\.palimpsest$/i

/** See {@link Topic}. */
export function projectHandlers({ services, sessions }: HostParts): Topic<ProjectMethods> {
  const { projects, files } = services
  const view = (opened: OpenProject): ReturnType<typeof sessions.projectView> => sessions.projectView(opened)
  /** the folder of a ref or of a chosen file, which may be project.db itself */
  const folderOf = ({ ref, file }: { ref?: string | undefined; file?: string | undefined }): string => {
    if ((ref === undefined) === (file === undefined)) throw badInput('project/which', { thing: 'Opening a project', expected: 'one of the list or a chosen file', found: ref === undefined ? 'neither' : 'both' })
    if (ref !== undefined) return projects.folderOf(ref)
    const chosen = files.file(file!)
    return path.basename(chosen.path) === 'project.db' ? path.dirname(chosen.path) : chosen.path
  }
  const close = (opened: OpenProject): void => {
    services.jobs.cancelWhere((job) => job.project === opened.id)
    sessions.closeProject(opened)
  }
  return {
    'projects.list': () => ({
      projects: projects.list().map(({ ref, folder, modifiedAt, missing, ...listed }) => {
        const open = projects.all().find((opened) => opened.folder === folder)
        const name = (open ? projectName(open.reader) : nameIn(folder)) ?? listed.name
        return { ref, name, modifiedAt, missing, documents: open ? open.reader.documents().length : null, thumbnail: open ? (view(open).documents.find(({ thumbnail }) => thumbnail !== null)?.thumbnail ?? null) : null }
      }),
    }),
    'projects.create': ({ name, target }) => view(projects.create(name, target === undefined ? undefined : files.target(target).path)),
    'projects.open': async (which) => {
      const folder = folderOf(which)
      if (ARCHIVE.test(folder) && fs.statSync(folder, { throwIfNoEntry: false })?.isFile()) return view(await projects.openArchive(folder, files.file(which.file!).name))
      return view(projects.open(folder))
    },
    'projects.repair': (which) => {
      const folder = folderOf(which)
      for (const opened of projects.all()) if (opened.folder === folder) close(opened)
      const { notices, documents, operations } = repairProject(folder, { now: Date.now(), program: 'Palimpsest' })
      return { report: [`${documents} documents with ${operations} steps are there.`, ...notices.map((notice) => notice.sentence)] }
    },
    'projects.close': ({ project }) => {
      const opened = projects.get(project)
      if (projects.letGo(project)) close(opened)
      return {}
    },
    'projects.rename': ({ project, name }) => {
      const opened = projects.writable(project)
      renameProject(opened.writable, name)
      return sessions.projectChanged(opened)
    },
    'projects.view': ({ project }) => view(projects.get(project)),
    'projects.zip': async ({ project, target }) => {
      const place = files.target(target)
      await zipProject(projects.get(project).reader, place.path)
      return { bytes: fs.statSync(place.path).size }
    },
  }
}

/** The name of a project that is not open; undefined when it cannot be read, which opening it will explain. */
function nameIn(folder: string): string | undefined {
  try {
    const db = openReadable(projectPaths(folder).database)
    try {
      return rows<{ name: string }>(db, "SELECT coalesce((SELECT json_extract(value, '$') FROM settings WHERE key = 'name'), (SELECT name FROM project)) AS name")[0]?.name
    } finally {
      db.close()
    }
  } catch {
    return undefined
  }
}
