/** Strokes: begin, save while drawing, commit, and what a crash left behind. */
import type { documentMethods } from '../../../preload/contract/documents.ts'
import type { HostParts } from '../host.ts'
import type { Topic } from './topic.ts'

type StrokeMethods = Pick<typeof documentMethods, Extract<keyof typeof documentMethods, `stroke.${string}`>>

/** See {@link Topic}. */
export function strokeHandlers({ services, sessions }: HostParts): Topic<StrokeMethods> {
  const strokesOf = ({ project, document }: { readonly project: string; readonly document: number }): ReturnType<typeof sessions.get>['strokes'] => sessions.get(project, document).strokes
  return {
    'stroke.begin': ({ start, ...which }) => strokesOf(which).begin(start),
    'stroke.save': ({ stroke, tiles, ...which }) => {
      strokesOf(which).save(stroke, tiles)
      return {}
    },
    'stroke.commit': ({ stroke, start, tiles, ...which }) => strokesOf(which).commit(stroke, start, tiles),
    'stroke.discard': ({ stroke, ...which }) => {
      strokesOf(which).drop(stroke)
      return {}
    },
    'stroke.recovered': ({ project }) => ({
      strokes: services.projects.get(project).reader.documents()
        .flatMap(({ id }) => sessions.get(project, id).strokes.recovered().map((stroke) => ({ stroke: stroke.id, document: id, title: stroke.title, savedAt: stroke.savedAt }))),
    }),
    'stroke.restore': ({ stroke, ...which }) => strokesOf(which).restore(stroke),
  }
}
