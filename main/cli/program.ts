/** The command line's grammar: commander's commands built from the command table, and mistakes put into sentences. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { Argument, Command, CommanderError, Option } from 'commander'
import { badInput } from '../engine/errors.ts'
import type { EngineError } from '../engine/errors.ts'
import { programRoot } from '../paths.ts'
import { type AnyCommand, isProcedure } from './commandSpec.ts'
import { COMMAND_GROUPS } from './commands.ts'
import { OUTPUT_GROUP, flagsOf, helpText } from './flags.ts'
import type { Flag } from './flags.ts'
import type { Streams } from './printer.ts'
import type { TypedValues } from './readRequest.ts'
import { likelyMeant, nearestFirst } from './suggest.ts'

/** A command as it was typed, before its values are checked. */
export interface TypedCommand {
  readonly spec: AnyCommand
  readonly flags: readonly Flag[]
  readonly typed: TypedValues
  readonly json: boolean
  /** only say what the run would take */
  readonly predict: boolean
}

/** What to do: a command of the table, the benchmark, or nothing because help has been printed. */
export type Parsed = { readonly kind: 'command'; readonly command: TypedCommand } | { readonly kind: 'bench'; readonly args: readonly string[] } | { readonly kind: 'done'; readonly exitCode: 0 | 2 }

const ABOUT = 'Palimpsest edits and makes pictures with diffusion models on this machine. It needs no network.'

const FOOTER = `
First steps:
  palimpsest txt2img --prompt "a red cat on a hill" --out cat.png
  palimpsest remove --image photo.jpg --mask mask.png --out without.png
  palimpsest serve

Relative paths start from the folder you are in. White in a mask means "change".

Exit codes: 0 done, 1 failed, 2 bad input, 130 cancelled (Ctrl-C; press it twice to stop at once).
Environment: PALIMPSEST_HOME keeps models and cache elsewhere, PALIMPSEST_CACHE the cache alone,
PALIMPSEST_DEBUG=1 shows where an error came from.

"palimpsest help COMMAND" or "palimpsest COMMAND --help" lists a command's options with their defaults.`

/**
 * Parses the arguments (without node and script). Help and version go to standard output.
 * @throws EngineError input/... (exit 2) in one sentence, with the nearest known name.
 */
export function parseArguments(args: readonly string[], streams: Streams): Parsed {
  let parsed: Parsed | undefined
  const program = buildProgram(streams, (result) => (parsed = result))
  if (args.length === 0) {
    program.outputHelp({ error: true })
    return { kind: 'done', exitCode: 2 }
  }
  try {
    refuseUnknownCommand(program, args)
    program.parse([...args], { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'done', exitCode: 0 }
    throw inOneSentence(error, program, args)
  }
  return parsed ?? { kind: 'done', exitCode: 0 }
}

/** The whole grammar, for parsing and for the help snapshot. */
export function buildProgram(streams: Streams, chosen: (parsed: Parsed) => void): Command {
  const { version } = JSON.parse(readFileSync(path.join(programRoot, 'package.json'), 'utf8')) as { version: string }
  const program = new Command('palimpsest')
    .description(ABOUT)
    .version(`palimpsest ${version}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText('after', FOOTER)
  quiet(program, streams)
  for (const { heading, commands } of COMMAND_GROUPS) {
    program.commandsGroup(heading)
    for (const spec of commands) program.addCommand(buildCommand(spec, streams, chosen))
  }
  const bench = new Command('bench')
    .description('time loads, nets and whole runs on this machine')
    .helpOption(false)
    .usage('[options]')
    .allowUnknownOption()
    .allowExcessArguments()
    .argument('[options...]')
    .action((options: string[]) => chosen({ kind: 'bench', args: options }))
  program.addCommand(quiet(bench, streams))
  return program
}

function buildCommand(spec: AnyCommand, streams: Streams, chosen: (parsed: Parsed) => void): Command {
  const command = new Command(spec.name).summary(spec.summary).description(spec.about)
  const flags = flagsOf(spec.schema, spec).map((flag) => (spec.positionals?.includes(flag.field) ? positional(flag) : flag))
  for (const name of spec.positionals ?? []) {
    const flag = flags.find(({ field }) => field === name)
    if (flag) command.addArgument(new Argument(`[${flag.name}]`, helpText(flag)))
  }
  for (const flag of flags.filter(({ name }) => name.startsWith('-'))) command.addOption(buildOption(flag))
  if (!isProcedure(spec) && spec.predictable) {
    command.addOption(new Option('--predict', 'only say how long it would take here and how much memory').helpGroup('Where and how fast:'))
  }
  const json = new Option('--json', 'print one JSON object per line: progress, warning, and last result or error').helpGroup(OUTPUT_GROUP)
  command.addOption(json).addHelpOption(new Option('-h, --help', 'print this help').helpGroup(OUTPUT_GROUP))
  command.usage(usageOf(flags))
  command.addHelpText('after', `\nExamples:\n${spec.examples.map((example) => `  ${example}`).join('\n')}`)
  command.action((...given: unknown[]) => {
    const typed: Record<string, TypedValues[string]> = {}
    const options = command.opts<Record<string, string | boolean | string[]>>()
    for (const flag of flags) {
      const place = spec.positionals?.indexOf(flag.field) ?? -1
      const value = place >= 0 ? given[place] : options[attributeOf(flag)]
      if (value !== undefined) typed[flag.field] = value as string | boolean | string[] // commander knows no other kinds here
    }
    chosen({ kind: 'command', command: { spec, flags, typed, json: options['json'] === true, predict: options['predict'] === true } })
  })
  return quiet(command, streams)
}

/** What must be given, in the order of the help: "COMPONENT --in <file> --out <file> [options]". */
function usageOf(flags: readonly Flag[]): string {
  const positionals = flags.filter(({ name }) => !name.startsWith('-')).map(({ name, required }) => (required ? name : `[${name}]`))
  const needed = flags.filter(({ name, required }) => required && name.startsWith('-')).map(({ name, placeholder }) => `${name} ${placeholder}`)
  return [...positionals, ...needed, '[options]'].join(' ')
}

function buildOption(flag: Flag): Option {
  const option = new Option(flag.placeholder ? `${flag.name} ${flag.placeholder}` : flag.name, helpText(flag)).helpGroup(flag.group)
  if (flag.kind === 'list' || flag.kind === 'commaList') option.argParser((value: string, before: string[] | undefined) => [...(before ?? []), ...(flag.kind === 'commaList' ? value.split(',') : [value])])
  return option
}

function positional(flag: Flag): Flag {
  return { ...flag, name: flag.field.toUpperCase(), placeholder: '' }
}

function attributeOf(flag: Flag): string {
  return new Option(flag.placeholder ? `${flag.name} ${flag.placeholder}` : flag.name).attributeName()
}

/** Throws instead of ending the process, says nothing by itself, and wraps help at the terminal's width. */
function quiet(command: Command, streams: Streams): Command {
  return command
    .exitOverride()
    .showSuggestionAfterError(false)
    .configureHelp({
      visibleCommands: (parent) => parent.commands.filter((child) => child.name() !== 'help'),
      subcommandTerm: (child) => [child.name(), ...child.registeredArguments.filter(() => child.name() !== 'bench').map((argument) => argument.name())].join(' '),
    })
    .configureOutput({
      writeOut: (text) => streams.stdout.write(text),
      writeErr: (text) => streams.stderr.write(text),
      outputError: () => undefined,
      getOutHelpWidth: () => Math.min(process.stdout.columns || 110, 120),
      getErrHelpWidth: () => Math.min(process.stderr.columns || 110, 120),
    })
}

function refuseUnknownCommand(program: Command, args: readonly string[]): void {
  const word = args.find((arg) => !arg.startsWith('-'))
  const wanted = word === 'help' ? args[args.indexOf('help') + 1] : word
  const known = program.commands.map((command) => command.name())
  if (wanted === undefined || wanted === 'help' || wanted.startsWith('-') || known.includes(wanted)) return
  throw unknownName('input/unknown-command', `palimpsest ${wanted}`, 'one of the commands', wanted, known)
}

/** Commander's error as one of ours. */
function inOneSentence(error: CommanderError, program: Command, args: readonly string[]): EngineError {
  const name = args.find((arg) => program.commands.some((command) => command.name() === arg))
  const command = program.commands.find((candidate) => candidate.name() === name)
  const quoted = /'([^']*)'/.exec(error.message)?.[1] ?? ''
  const thing = `palimpsest${name ? ` ${name}` : ''}`
  switch (error.code) {
    case 'commander.unknownOption': {
      const option = quoted.split('=')[0]
      const known = (command ?? program).options.map(({ long }) => long ?? '').filter(Boolean)
      const meant = likelyMeant(option, [...known, '--help'])
      const todo = meant ? `perhaps ${meant} is meant` : `see "${thing} --help"`
      return badInput('input/unknown-option', { thing, expected: 'one of its options', found: option, todo, details: { known } })
    }
    case 'commander.optionMissingArgument':
      return badInput('input/missing', { thing: quoted.split(' ')[0], expected: `a value ${quoted.split(' ')[1] ?? ''}`.trim(), found: 'none' })
    case 'commander.excessArguments':
      return badInput('input/excess', { thing, expected: 'only options after it', found: `"${surplus(error.message, command)}"`, todo: 'put a text with spaces between quotes' })
    default:
      return badInput('input/option', { thing, expected: 'arguments it knows', found: error.message.replace(/^error: /, '').replace(/\.$/, '') })
  }
}

/** The arguments too many: commander lists all that it got, after a colon. */
function surplus(message: string, command: Command | undefined): string {
  const given = /: (.*?)\.?$/.exec(message.replace(/^error: /, ''))?.[1] ?? ''
  return given.split(', ').slice(command?.registeredArguments.length ?? 0).join(' ')
}

function unknownName(code: string, thing: string, expected: string, word: string, known: readonly string[]): EngineError {
  const meant = likelyMeant(word, known)
  return badInput(code, {
    thing,
    expected: `${expected} (${nearestFirst(word, known).join(', ')})`,
    found: 'none of that name',
    ...(meant ? { todo: `perhaps ${meant} is meant` } : {}),
    details: { known },
  })
}
