/** The words that a document's history has for its picture: what a swap made of it, what it was drawn from, what its file carried. */
import type { OperationId } from '../../history/ids.ts'
import type { Json } from '../../history/model.ts'
import type { DocumentSession } from '../documents/documentSession.ts'

/** See the file's head. */
export interface WrittenWords {
  readonly text: string
  /** the step whose words they are, or were until a person said others; null when no step has words of its own */
  readonly source: OperationId | null
  /** a person said them, on the way to a swap */
  readonly said: boolean
  /** parts of the picture were painted since */
  readonly stale: boolean
}

/** Steps after which words still fit the most of the picture, but perhaps not all of it. */
const PAINTED_OVER: ReadonlySet<string> = new Set(['inpaint', 'remove', 'outpaint'])

/**
 * The newest words on the way to where a document stands; undefined when there are none. What a person said of the picture
 * (the description that a swap was run with) counts until a newer step has words: an undone swap brings its description back.
 */
export function writtenWords({ opened: { reader }, document, head }: Pick<DocumentSession, 'opened' | 'document' | 'head'>): WrittenWords | undefined {
  const steps = reader.operations(document)
  const kinds = new Map(steps.map(({ id, kind }) => [id, kind]))
  const swaps = new Map(steps.flatMap(({ id, kind, parent }) => (kind === 'swap' && parent !== null ? [[parent, id] as const] : []))) // the newest stays
  let said: WrittenWords | undefined
  let stale = false
  for (const id of reader.ancestry(head).reverse()) {
    const kind = kinds.get(id) ?? ''
    const swap = swaps.get(id)
    const words = said === undefined && swap !== undefined ? textOf(reader.operation(swap).params['prompt']) : undefined
    if (words !== undefined) said = { text: words, source: null, said: true, stale }
    const own = ownWords(reader, id, kind)
    if (own !== undefined) return said ? { ...said, source: id } : { text: own, source: id, said: false, stale }
    stale ||= PAINTED_OVER.has(kind)
  }
  return said
}

/** Words that a step itself gives the picture. */
function ownWords(reader: DocumentSession['opened']['reader'], id: OperationId, kind: string): string | undefined {
  if (kind === 'swap') return textOf(reader.operation(id).results.find(({ chosen }) => chosen)?.metrics['target'])
  if (kind === 'txt2img' || kind === 'img2img') return textOf(reader.operation(id).params['prompt'])
  if (kind !== 'open') return undefined
  const recipe = reader.operation(id).params['recipe'] as Readonly<Record<string, Json>> | undefined // a recipe of a file: read with care
  return textOf(recipe?.['target']) ?? textOf(recipe?.['prompt'])
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value : undefined
}
