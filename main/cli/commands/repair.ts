import { z } from 'zod'
import { repairProject } from '../../history/repair.ts'
import type { ProcedureSpec } from '../commandSpec.ts'
import { shortest } from '../reports.ts'

const schema = z.object({ project: z.string().min(1).describe('folder of the project') })

/** Rebuilding a project's database. */
export const repair: ProcedureSpec = {
  name: 'repair',
  summary: 'build the database of a project again from its files',
  about:
    'Builds the database of a project anew from its record log, from what the old database still tells, and from its files. The old database and log are ' +
    'kept inside the project. Says what was lost, if anything was.',
  examples: ['palimpsest repair garden'],
  schema,
  positionals: ['project'],
  inputPaths: ['project'],
  perform: async (request, { printer }) => {
    const { project } = schema.parse(request)
    const report = repairProject(project, { now: Date.now(), program: 'palimpsest repair' })
    for (const { sentence } of report.notices) printer.note(sentence)
    const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`
    return {
      result: { project, ...report },
      text: `Built the database of ${shortest(project)} again: ${count(report.documents, 'document')}, ${count(report.operations, 'operation')}; what was there before is in ${shortest(report.keptIn)}.`,
    }
  },
}
