/**
 * `npm run measure -- NAME ... [--limit N] [--minutes N] [--steps N] [--model ID] [--inpaint-model ID] [--out DIR]`: figures that need
 * whole runs of a model, held against their targets. Each is printed as Markdown and written to DIR/NAME.md and
 * DIR/NAME.json (out/measure unless given). `all` measures everything but `words`, which takes hours; `--minutes` cuts it
 * short and keeps what is done.
 */
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { EngineError } from '../../main/engine/errors.ts'
import { writeFileAtomic } from '../../main/engine/weights/atomicFile.ts'
import { attention } from './attention.ts'
import { bias } from './bias.ts'
import { border } from './border.ts'
import { edict } from './edict.ts'
import { fast } from './fast.ts'
import { identity } from './identity.ts'
import { photo } from './photo.ts'
import { predict } from './predict.ts'
import { renderReport } from './report.ts'
import type { Measure } from './session.ts'
import { timing } from './timing.ts'
import { wall } from './wall.ts'
import { words } from './words.ts'

const MEASURES: Readonly<Record<string, Measure>> = { timing, predict, border, fast, photo, attention, bias, edict, identity, wall, words }
const LONG = 'words'

/** Ends with the sentence and the list of measurements. */
function refuse(sentence: string): never {
  const list = Object.entries(MEASURES).map(([name, { summary }]) => `  ${name.padEnd(10)} ${summary}`)
  process.stderr.write(`${['measure: ' + sentence, ...list, `  ${'all'.padEnd(10)} everything but ${LONG}`].join('\n')}\n`)
  process.exit(2)
}

/** A whole number of at least 1, or nothing. */
function count(text: string | undefined, option: string): number | undefined {
  if (text === undefined) return undefined
  const value = Number(text)
  return Number.isInteger(value) && value >= 1 ? value : refuse(`${option}: expected a whole number of at least 1, found ${text}.`)
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: { limit: { type: 'string' }, minutes: { type: 'string' }, steps: { type: 'string' }, model: { type: 'string' }, 'inpaint-model': { type: 'string' }, out: { type: 'string' } },
    })
  } catch (error) {
    return refuse(`expected names and options, found another (${error instanceof Error ? error.message.split('.')[0] : 'unknown'}).`)
  }
}

const { values, positionals } = readArguments()
const names = positionals.includes('all') ? Object.keys(MEASURES).filter((name) => name !== LONG) : positionals
const unknown = names.find((name) => !Object.hasOwn(MEASURES, name))
if (unknown !== undefined || names.length === 0) refuse(`expected any of these, found ${unknown ?? 'nothing'}.`)
const out = path.resolve(values.out ?? path.join(import.meta.dirname, '..', '..', 'out', 'measure'))
let missed = 0
for (const name of names) {
  const folder = path.join(out, name)
  mkdirSync(folder, { recursive: true })
  try {
    const report = await MEASURES[name]!.run({
      folder,
      limit: count(values.limit, '--limit'),
      minutes: count(values.minutes, '--minutes'),
      steps: count(values.steps, '--steps'),
      model: values.model ?? 'starter',
      inpaintModel: values['inpaint-model'] ?? 'starter-inpaint',
    })
    const text = renderReport(name, report)
    writeFileAtomic(path.join(out, `${name}.md`), Buffer.from(text))
    writeFileAtomic(path.join(out, `${name}.json`), Buffer.from(`${JSON.stringify(report, null, 1)}\n`))
    process.stdout.write(`\n${text}\n`)
    missed += report.figures.filter(({ met }) => met === false).length
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    process.stderr.write(`measure ${name}: ${error.message}\n`)
    process.exit(error.exitCode)
  }
}
process.stderr.write(missed === 0 ? 'Every target was met.\n' : `${missed} ${missed === 1 ? 'target was' : 'targets were'} missed.\n`)
