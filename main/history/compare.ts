/** Two places of a document's history side by side. */
import type { Operation } from './documents.ts'
import type { BlobHash, OperationId } from './ids.ts'
import type { Json } from './model.ts'
import type { ProjectReader } from './projectReader.ts'
import { type StateDifference, sameJson } from './state.ts'
import { treePath } from './tree.ts'

/** A value that differs between two operations; undefined where one has none. */
export interface ValueDifference {
  /** name of the parameter; `model`, `modelHash`, `seed`, `engineVersion`, `device` count as parameters here */
  readonly name: string
  readonly a: Json | undefined
  readonly b: Json | undefined
}

/** What {@link compareOperations} found. */
export interface Comparison {
  readonly a: Operation
  readonly b: Operation
  /** the operation both come from */
  readonly meeting: OperationId
  /** steps from the meeting point to each */
  readonly stepsToA: number
  readonly stepsToB: number
  readonly values: readonly ValueDifference[]
  /** inputs that differ, by role; null where one has none */
  readonly inputs: readonly { readonly role: string; readonly a: BlobHash | null; readonly b: BlobHash | null }[]
  /** chosen results of each, to be shown side by side */
  readonly pictures: { readonly a: readonly BlobHash[]; readonly b: readonly BlobHash[] }
  /** what of the document differs */
  readonly state: StateDifference
}

/**
 * Compares two operations of one document.
 * @throws EngineError project/other-document, project/no-such-operation
 */
export function compareOperations(project: ProjectReader, a: OperationId, b: OperationId): Comparison {
  const [left, right] = [project.operation(a), project.operation(b)]
  const path = treePath(project.db, a, b)
  const roles = [...new Set([...left.inputs, ...right.inputs].map((input) => input.role))].sort()
  const hashOf = (operation: Operation, role: string): BlobHash | null => operation.inputs.find((input) => input.role === role)?.hash ?? null
  return {
    a: left, b: right, meeting: path.meeting, stepsToA: path.up.length, stepsToB: path.down.length,
    values: valueDifferences(left, right),
    inputs: roles.map((role) => ({ role, a: hashOf(left, role), b: hashOf(right, role) })).filter((input) => input.a !== input.b),
    pictures: { a: chosen(left), b: chosen(right) },
    state: project.difference(a, b),
  }
}

function chosen(operation: Operation): BlobHash[] {
  return operation.results.filter((result) => result.chosen).map((result) => result.hash)
}

function valueDifferences(a: Operation, b: Operation): ValueDifference[] {
  const values = (operation: Operation): Map<string, Json> => new Map<string, Json>([
    ['kind', operation.kind],
    ...Object.entries(operation.params),
    ...(['model', 'modelHash', 'seed', 'engineVersion', 'device'] as const).filter((name) => operation[name] !== null).map((name): [string, Json] => [name, operation[name]]),
  ])
  const [left, right] = [values(a), values(b)]
  return [...new Set([...left.keys(), ...right.keys()])].filter((name) => !sameJson(left.get(name), right.get(name)))
    .map((name) => ({ name, a: left.get(name), b: right.get(name) }))
}
