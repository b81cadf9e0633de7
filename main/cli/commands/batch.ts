import { z } from 'zod'
import { CancelledError } from '../../engine/errors.ts'
import { BatchRun, type BatchEvent, lookAhead } from '../../jobs/batch/batchRun.ts'
import { planBatch } from '../../jobs/batch/plan.ts'
import { type BatchSettings, batchSettingsSchema } from '../../jobs/batch/settings.ts'
import { type BatchSummary, type ItemView, countStates, countsInWords, hasTrouble, stateInWords, summaryRows } from '../../jobs/batch/summary.ts'
import type { Outcome, ProcedureSpec } from '../commandSpec.ts'
import { duration } from '../progressLine.ts'
import { reportTable, shortest } from '../reports.ts'
import type { Tools } from '../tools.ts'

const schema = batchSettingsSchema.extend({ dryRun: z.boolean().default(false).describe('only say what would be done with each picture') })

/** A recipe over a folder. */
export const batch: ProcedureSpec = {
  name: 'batch',
  summary: 'apply a recipe to every picture of a folder',
  about:
    'Runs the steps of a recipe on every picture of a folder. A picture that fails is told at the end and stops nothing. Ended in whatever ' +
    'way (Ctrl-C, kill, power cut), the same command goes on where it stopped: what is done is not done again. The folder of results gets ' +
    'batch-report.json and a contact sheet, batch-report.html.',
  examples: [
    'palimpsest batch recipe.json --in photos --out results',
    'palimpsest batch remove-logo.json --in photos --masks masks --mask-rule "{name}_mask.png" --out clean --jobs 2',
    'palimpsest batch recipe.json --in photos --prompts words.csv --out results --dry-run',
    'palimpsest batch recipe.json --in photos --out results --shard 2/5',
  ],
  schema,
  positionals: ['recipe'],
  inputPaths: ['recipe', 'in', 'masks', 'prompts'],
  placeholders: { in: '<folder>', out: '<folder>', masks: '<folder>', prompts: '<file.csv>', files: '<pattern>', maskRule: '<pattern>', shard: '<i/n>', minFidelity: '<dB>', jobs: '<n>', attentionModel: '<id|path>' },
  resolve: (request, resolver) => ({ ...request, ...(typeof request['attentionModel'] === 'string' ? { attentionModel: resolver.model(request['attentionModel']) } : {}) }),
  perform: async (request, tools) => {
    const { dryRun, ...settings } = schema.parse(request)
    return dryRun ? preview(settings) : run(settings, tools)
  },
}

/** What would be done, picture by picture. */
function preview(settings: BatchSettings): Outcome {
  const plan = planBatch(settings)
  const items = lookAhead(plan)
  const counts = countStates(items)
  const rows = plan.items.map((item, index) => {
    const { state, place, sentence } = items[index]!
    const aims = item.steps.map(({ task, aim }) => `${task}${aim.by === 'mask' ? ` (${shortest(aim.file)})` : aim.by === 'everything' ? '' : ` (${aim.by === 'where' ? aim.where : aim.colour})`}`)
    return [item.key, state === 'waiting' ? 'to do' : stateInWords(state), place ?? item.out, sentence ?? aims.join(', ')]
  })
  return {
    result: { dryRun: true, total: plan.total, shard: plan.shard, counts, items: plan.items.map((item, index) => ({ ...item, ...items[index] })), notes: plan.notes },
    text: [reportTable(['picture', 'state', 'result', 'how'], rows), ...plan.notes, `${counts.waiting} of ${items.length} pictures to do${items.length === plan.total ? '' : `, in a part of ${plan.total} in all`}. Nothing was written.`].join('\n'),
    ...(hasTrouble(counts) ? { exitCode: 1 as const } : {}),
  }
}

async function run(settings: BatchSettings, tools: Tools): Promise<Outcome> {
  const plan = planBatch(settings)
  for (const note of plan.notes) tools.printer.note(note)
  const running = new BatchRun(plan, { engine: tools.engine(settings.jobs), onEvent: (event) => tell(event, tools) })
  tools.signal.addEventListener('abort', () => running.cancel(), { once: true })
  const summary = await running.start()
  if (summary.cancelled) throw new CancelledError(`The batch was stopped: ${countsInWords(summary.counts)}; the same command goes on from here.`)
  return { result: { ...summary }, text: report(summary), ...(hasTrouble(summary.counts) ? { exitCode: 1 as const } : {}) }
}

function tell(event: BatchEvent, { printer }: Tools): void {
  if (event.event === 'progress') {
    if (event.total > 0) printer.event({ event: 'progress', phase: 'batch', step: event.finished, steps: event.total, ...(event.etaSeconds === undefined ? {} : { etaSeconds: event.etaSeconds }) })
  } else if (event.event === 'item' && !['running', 'waiting', 'earlier'].includes(event.item.state)) printer.happened('item', event.item, itemLine(event.item))
}

function itemLine({ key, state, place, sentence, measures }: ItemView): string {
  if (state === 'done') return `${key} -> ${place ?? ''}${measures ? ` (${duration(measures.seconds)})` : ''}`
  return `${key}: ${stateInWords(state)}${sentence === undefined ? '' : `. ${sentence.replace(`${key}: `, '')}`}`
}

function report(summary: BatchSummary): string {
  const rows = summaryRows(summary.items, false)
  const table = rows.length > 0 ? [reportTable(['picture', 'state', 'result', 'fidelity', 'why'], rows)] : []
  return [...table, `${countsInWords(summary.counts)}, in ${duration(summary.seconds)}.`, `Wrote ${summary.reports.map(shortest).join(' and ')}.`].join('\n')
}
