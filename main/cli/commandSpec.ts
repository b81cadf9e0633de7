/** What a command of the command line is made of; one file per command in commands/. */
import type { ZodObject } from 'zod'
import type { Tools } from './tools.ts'

/** Plain JSON, as the engine answers. */
export type CommandResult = Readonly<Record<string, unknown>>

/** Resolves names as the person who called the command meant them. */
export interface Resolver {
  /** a path from the caller's folder, made absolute */
  path(file: string): string
  /** a model's id as it is, its path made absolute */
  model(name: string): string
}

/** What every command has: its name, its help, and the schema that its options come from. */
interface CommandBase {
  readonly name: string
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
  /** what the help shows for an option's value, where the parameter's name elsewhere means another thing */
  readonly placeholders?: Readonly<Record<string, string>>
  /** finishes what the schema reads as plain text: paths and models whose meaning depends on another parameter */
  readonly resolve?: (request: Record<string, unknown>, resolver: Resolver) => Record<string, unknown>
  /** parameters that name files the command reads, where the same name elsewhere is a result */
  readonly inputPaths?: readonly string[]
  /** refuses what the schema cannot see; throws EngineError with exit code 2 */
  readonly check?: (request: Readonly<Record<string, unknown>>) => void
}

/** A command that checks what was typed against a task's schema and runs it on the engine: one request, one result. */
export interface CommandSpec extends CommandBase {
  /** the task, where it is called differently from the command */
  readonly task?: string
  /** endings that the file named by --out may have, or `folder` when it names one */
  readonly outEndings?: readonly string[] | 'folder'
  /** the command has --predict: what the run would take, without running it */
  readonly predictable?: boolean
  /** what a person reads on standard output when it is done; one or more lines without a final newline */
  readonly report: (result: CommandResult, request: Readonly<Record<string, unknown>>) => string
}

/** What a procedure gives back. */
export interface Outcome {
  /** the JSON line */
  readonly result: CommandResult
  /** what a person reads */
  readonly text: string
  /** 1 when it came to its end and something in it failed; 0 when absent */
  readonly exitCode?: 0 | 1
}

/** A command that is more, or less, than one request to the engine: it opens projects, runs many requests, or none. */
export interface ProcedureSpec extends CommandBase {
  /** @throws EngineError for whatever ends it */
  readonly perform: (request: Readonly<Record<string, unknown>>, tools: Tools) => Promise<Outcome>
}

/** Any command. */
export type AnyCommand = CommandSpec | ProcedureSpec

/** Whether a command is a procedure. */
export function isProcedure(spec: AnyCommand): spec is ProcedureSpec {
  return 'perform' in spec
}
