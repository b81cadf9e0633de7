/** `palimpsest`: entry of the command line. */
import { runBench } from './bench.ts'
import { type CommandSpec, isProcedure } from './commandSpec.ts'
import type { AnyCommand, Resolver } from './commandSpec.ts'
import { PICTURE_ENDINGS, TENSOR_ENDINGS, checkOutputs } from './outputCheck.ts'
import type { PlannedOutput } from './outputCheck.ts'
import { asEngineError, makePrinter } from './printer.ts'
import { parseArguments } from './program.ts'
import type { TypedCommand } from './program.ts'
import { fromCaller, modelFromCaller, readRequest } from './readRequest.ts'
import { reportPrediction, totalSeconds } from './reports.ts'
import { runJob } from './runJob.ts'
import type { JobRunner, PreparedJob } from './runJob.ts'
import { processSurroundings } from './surroundings.ts'
import type { Surroundings } from './surroundings.ts'
import { withTools } from './tools.ts'

/**
 * Runs the command that the arguments name and gives back the exit code: 0 done, 1 failed, 2 bad input,
 * 130 cancelled. Never throws.
 */
export async function main(args: readonly string[], around: Surroundings, run: JobRunner = runJob): Promise<number> {
  // A script that asked for JSON gets its error as JSON even when its arguments cannot be read.
  const printer = makePrinter(around.streams, { json: args.includes('--json'), debug: around.debug, unicode: around.unicode })
  try {
    const parsed = parseArguments(args, around.streams)
    if (parsed.kind === 'done') return parsed.exitCode
    if (parsed.kind === 'bench') return await runBench(parsed.args, around.callerFolder)
    const { spec } = parsed.command
    if (isProcedure(spec)) {
      const { request, resolver } = read(parsed.command, around)
      const outcome = await withTools(around, printer, resolver, (tools) => spec.perform(request, tools))
      printer.result(outcome.result, outcome.text)
      return outcome.exitCode ?? 0
    }
    const job = prepare(parsed.command, spec, around)
    if (parsed.command.predict) {
      const prediction = await run({ request: { task: 'predict', request: job.request }, outputs: [] }, around, printer)
      printer.result(prediction, reportPrediction(prediction))
      return 0
    }
    const result = await run(job, around, printer)
    printer.result(withTotalSeconds(result), spec.report(result, job.request))
    return 0
  } catch (thrown) {
    const error = asEngineError(thrown)
    printer.error(error)
    return error.exitCode
  }
}

/** A script wants one number of seconds; what the engine knows of each phase goes beside it. */
function withTotalSeconds(result: Record<string, unknown>): Record<string, unknown> {
  const total = totalSeconds(result['seconds'])
  if (total === undefined || typeof result['seconds'] === 'number') return result
  return { ...result, seconds: Math.round(total * 1000) / 1000, phaseSeconds: result['seconds'] }
}

/** What was typed as a checked request, its names resolved. */
function read({ spec, flags, typed }: TypedCommand, around: Surroundings): { request: Record<string, unknown>; resolver: Resolver } {
  const reading = { task: taskOf(spec), schema: spec.schema, flags, callerFolder: around.callerFolder, bundledModels: around.paths.bundledModels }
  const resolver: Resolver = {
    path: (file) => fromCaller(around.callerFolder, file),
    model: (name) => modelFromCaller(name, reading),
  }
  const typedRequest = readRequest(typed, reading)
  const request = spec.resolve?.(typedRequest, resolver) ?? typedRequest
  spec.check?.(request)
  return { request, resolver }
}

function taskOf(spec: AnyCommand): string {
  return isProcedure(spec) ? spec.name : (spec.task ?? spec.name)
}

/** The checked request; also checks, before any work is done, that the results can be written. */
function prepare(command: TypedCommand, spec: CommandSpec, around: Surroundings): PreparedJob {
  const { flags } = command
  const { request } = read(command, around)
  const files = (kind: 'inputPath' | 'outputPath'): PlannedOutput[] =>
    flags.flatMap((flag) => {
      const file = request[flag.field]
      return flag.kind === kind && typeof file === 'string' ? [{ option: flag.name, file, endings: endingsOf(flag.field, spec) }] : []
    })
  // The edited picture itself may be written over: the result replaces it in one step when it is complete.
  const outputs = files('outputPath')
  checkOutputs(outputs, files('inputPath').filter(({ option }) => option !== '--image'))
  return { request, outputs: outputs.map(({ file }) => file) }
}

function endingsOf(field: string, spec: CommandSpec): PlannedOutput['endings'] {
  if (field === 'out' && spec.outEndings) return spec.outEndings
  return field === 'out' || field === 'sheet' ? PICTURE_ENDINGS : TENSOR_ENDINGS
}

if (import.meta.main) {
  // Whoever reads may stop early, as in "palimpsest history list garden | head": nobody listens, the work goes on.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error
    })
  }
  // Not process.exit: what is still on its way into a pipe would be lost.
  process.exitCode = await main(process.argv.slice(2), processSurroundings())
}
