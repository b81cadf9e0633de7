/** `palimpsest`: entry of the command line. */
import { runBench } from './bench.ts'
import type { CommandSpec } from './commandSpec.ts'
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
    const job = prepare(parsed.command, around)
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

/** The checked request; also checks, before any work is done, that the results can be written. */
function prepare({ spec, flags, typed }: TypedCommand, around: Surroundings): PreparedJob {
  const reading = { task: spec.task ?? spec.name, schema: spec.schema, flags, callerFolder: around.callerFolder, bundledModels: around.paths.bundledModels }
  const read = readRequest(typed, reading)
  const request =
    spec.resolve?.(read, {
      path: (file) => fromCaller(around.callerFolder, file),
      model: (name) => modelFromCaller(name, reading),
    }) ?? read
  spec.check?.(request)
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
  // Not process.exit: what is still on its way into a pipe would be lost.
  process.exitCode = await main(process.argv.slice(2), processSurroundings())
}
