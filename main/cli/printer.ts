/**
 * What a command says and where: results on standard output (one JSON object per line with --json, else sentences),
 * everything else on standard error.
 */
import { EngineError } from '../engine/errors.ts'
import type { EngineEvent } from '../engine/requests.ts'
import { ProgressLine } from './progressLine.ts'
import type { ProgressStream } from './progressLine.ts'

/** The two streams; process.stdout and process.stderr fit. */
export interface Streams {
  readonly stdout: { write(text: string): unknown }
  readonly stderr: ProgressStream
}

/** One command's voice. */
export interface Printer {
  event(event: EngineEvent): void
  /** `text` is what a person reads; the value is the JSON line */
  result(value: Readonly<Record<string, unknown>>, text: string): void
  error(error: EngineError): void
  /** a remark that is neither a result nor an error */
  note(sentence: string): void
  /** something that happened on the way: a JSON line of its own with --json, else the sentence on standard error */
  happened(event: string, fields: object, sentence: string): void
}

/** @param options.debug also prints stacks and details of errors */
export function makePrinter(streams: Streams, options: { json: boolean; debug: boolean; unicode: boolean }): Printer {
  const { stdout, stderr } = streams
  const progress = new ProgressLine(stderr, { unicode: options.unicode })
  const sentence = (text: string): void => {
    progress.clear()
    stderr.write(`${text}\n`)
  }
  const line = (event: string, fields: object): void => {
    progress.clear()
    stdout.write(`${JSON.stringify({ event, ...fields })}\n`)
  }
  return {
    event: (event) => {
      if (event.event === 'warning') {
        if (options.json) line('warning', { code: event.code, message: event.message })
        return sentence(`Warning: ${event.message}`)
      }
      if (options.json) {
        const { event: name, preview: _picture, ...fields } = event
        line(name, fields)
      }
      // A log that already gets JSON lines needs no second account of the same.
      if (!options.json || stderr.isTTY) progress.show(event)
    },
    result: (value, text) => {
      progress.clear()
      if (!options.json) return void stdout.write(`${text}\n`)
      const { event: _reserved, ...fields } = value
      line('result', fields)
      if (stderr.isTTY) sentence(text)
    },
    error: (error) => {
      const { stack, ...details } = error.details
      if (options.json) line('error', { code: error.code, message: error.message, exitCode: error.exitCode, ...(Object.keys(details).length > 0 ? { details } : {}) })
      sentence(error.exitCode === 130 ? error.message : `Error: ${error.message}`)
      if (options.debug) sentence(`${typeof stack === 'string' ? stack : (error.stack ?? '')}\n${JSON.stringify(details, null, 2)}`)
    },
    note: sentence,
    happened: (event, fields, text) => {
      if (options.json) line(event, fields)
      if (!options.json || stderr.isTTY) sentence(text)
    },
  }
}

/** Any thrown thing as an EngineError; one that is not ours is a fault of the program and says so. */
export function asEngineError(thrown: unknown): EngineError {
  if (thrown instanceof EngineError) return thrown
  const message = thrown instanceof Error ? thrown.message : String(thrown)
  return new EngineError(
    'internal/unexpected',
    `Palimpsest met a fault of its own (${message.split('\n')[0]}); set PALIMPSEST_DEBUG=1 and run the command again to see where.`,
    { details: thrown instanceof Error && thrown.stack ? { stack: thrown.stack } : {}, cause: thrown },
  )
}
