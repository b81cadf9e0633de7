/** What a command of the command line is made of; one file per command in commands/. */
import type { ZodObject } from 'zod'

/** Plain JSON, as the engine answers. */
export type CommandResult = Readonly<Record<string, unknown>>

/** Resolves names as the person who called the command meant them. */
export interface Resolver {
  /** a path from the caller's folder, made absolute */
  path(file: string): string
  /** a model's id as it is, its path made absolute */
  model(name: string): string
}

/** A command that checks what was typed against a task's schema and runs it on the engine. */
export interface CommandSpec {
  /** the command's name; the task's too unless `task` says otherwise */
  readonly name: string
  readonly task?: string
  /** one line for the list of commands */
  readonly summary: string
  /** a paragraph for the command's own help */
  readonly about: string
  readonly examples: readonly string[]
  readonly schema: ZodObject
  /** the command's own defaults for parameters that the schema leaves open */
  readonly defaults?: Readonly<Record<string, unknown>>
  /** parameters that stand without an option's name, in order */
  readonly positionals?: readonly string[]
  /** endings that the file named by --out may have, or `folder` when it names one */
  readonly outEndings?: readonly string[] | 'folder'
  /** finishes what the schema reads as plain text: paths and models whose meaning depends on another parameter */
  readonly resolve?: (request: Record<string, unknown>, resolver: Resolver) => Record<string, unknown>
  /** parameters that name files the command reads, where the same name elsewhere is a result */
  readonly inputPaths?: readonly string[]
  /** the command has --predict: what the run would take, without running it */
  readonly predictable?: boolean
  /** refuses what the schema cannot see; throws EngineError with exit code 2 */
  readonly check?: (request: Readonly<Record<string, unknown>>) => void
  /** what a person reads on standard output when it is done; one or more lines without a final newline */
  readonly report: (result: CommandResult, request: Readonly<Record<string, unknown>>) => string
}
