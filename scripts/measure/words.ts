/**
 * The comparison of editing methods: `evaluate` over all of papercut-pie, and docs/editing-methods.md from it. A run that
 * was interrupted goes on where it stopped. With --limit or --steps the document stays among the results.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { openPicture } from '../../main/engine/image/codec.ts'
import { writePicture } from '../../main/engine/image/writePicture.ts'
import type { EngineEvent } from '../../main/engine/requests.ts'
import { writeFileAtomic } from '../../main/engine/weights/atomicFile.ts'
import { figure, table, type Figure } from './report.ts'
import { benchFolder } from './scenes.ts'
import { openEngine, type Measure } from './session.ts'

/** What is compared, in the order of the table's rows. */
const METHODS = ['ddim+p2p', 'npi+p2p', 'proxnpi+p2p', 'direct+p2p', 'renoise+p2p', 'ef-ddpm+p2p', 'edict+p2p', 'ddim+masactrl', 'direct+masactrl', 'ddim+pnp', 'direct+pnp']

/** Background PSNR in dB and CLIP-score of the whole picture that PIE-Bench's authors report for SD1.4 (arXiv 2310.01506). */
const REPORTED: Readonly<Record<string, readonly [psnr: number, clip: number]>> = {
  'ddim+p2p': [17.87, 25.01], 'npi+p2p': [26.21, 24.61], 'direct+p2p': [27.22, 25.02], 'ddim+masactrl': [22.17, 23.96], 'direct+masactrl': [22.64, 24.38], 'ddim+pnp': [22.28, 25.41], 'direct+pnp': [22.46, 25.41],
}

const docs = path.resolve(import.meta.dirname, '..', '..', 'docs')
const [BEGIN, END] = ['<!-- measured: begin -->', '<!-- measured: end -->']

interface Summary {
  readonly method: string
  readonly means: Readonly<Record<string, number | null>>
}

/** Runs what is missing, then writes the document. */
export const words: Measure = {
  summary: 'every editing method over the 140 edits of papercut-pie (hours; resumes), and docs/editing-methods.md',
  async run({ folder, limit, steps, model }) {
    const engine = openEngine()
    const out = path.join(folder, `${model.replace(/[^\w.-]/g, '_')}-${steps ?? 50}${limit === undefined ? '' : `-${limit}`}`)
    const result = await engine.run({ task: 'evaluate', bench: benchFolder, model, methods: METHODS, steps: steps ?? 50, guidance: 7.5, device: 'cpu', out, ...(limit === undefined ? {} : { limit }) }, { onEvent: tellProgress })
    await engine.dispose()
    const summaries = result['methods'] as Summary[]
    const isWhole = limit === undefined && steps === undefined
    const file = await writeDocument(isWhole ? docs : out, result, summaries)
    return { figures: figuresOf(summaries), details: [String(result['table']).trim(), orderTable(summaries), `Written to ${file}.${isWhole ? '' : ' A limited run: docs/ was left as it is.'}`] }
  },
}

function tellProgress(event: EngineEvent): void {
  if (event.event === 'warning') process.stderr.write(`${event.message}\n`)
  else if (event.phase === 'evaluate') process.stderr.write(`words: ${event.step} of ${event.steps} edits, about ${Math.ceil((event.etaSeconds ?? 0) / 60)} min left\n`)
}

function figuresOf(summaries: readonly Summary[]): Figure[] {
  const of = (method: string, key: string): number => summaries.find((one) => one.method === method)?.means[key] ?? NaN
  const [ddim, npi, direct] = ['ddim+p2p', 'npi+p2p', 'direct+p2p'].map((method) => of(method, 'backgroundPsnr')) as [number, number, number]
  return [
    figure('direct+p2p, background PSNR', { atLeast: 26 }, direct, { unit: ' dB' }),
    { name: 'background PSNR in order', target: 'direct > npi > ddim', measured: `${direct.toFixed(2)}, ${npi.toFixed(2)}, ${ddim.toFixed(2)} dB`, met: direct > npi && npi > ddim },
    figure('direct+p2p, asked object or colour seen (kinds 1 and 6)', { atLeast: 65 }, of('direct+p2p', 'askedMain'), { digits: 1, unit: ' %' }),
  ]
}

/** Ours beside the published order, and every pair that the two order differently. */
function orderTable(summaries: readonly Summary[]): string {
  const shared = summaries.filter(({ method }) => REPORTED[method])
  const psnrOf = ({ means }: Summary): number => means['backgroundPsnr'] ?? NaN
  const rows = [...shared].sort((a, b) => psnrOf(b) - psnrOf(a)).map((one) => {
    const [psnr, clip] = REPORTED[one.method]!
    return [one.method, psnrOf(one).toFixed(2), psnr.toFixed(2), one.means['clipWhole']?.toFixed(2) ?? '–', clip.toFixed(2)]
  })
  const reversed = shared.flatMap((a, i) =>
    shared.slice(i + 1).flatMap((b) => {
      const [ours, theirs] = [psnrOf(a) - psnrOf(b), REPORTED[a.method]![0] - REPORTED[b.method]![0]]
      return ours * theirs < 0 ? [`- ${a.method} and ${b.method}: ${psnrOf(a).toFixed(2)} and ${psnrOf(b).toFixed(2)} dB here, ${REPORTED[a.method]![0]} and ${REPORTED[b.method]![0]} dB there`] : []
    }),
  )
  return [
    '## Beside the published table',
    table(['method', 'background PSNR dB', 'PIE-Bench, SD1.4', 'CLIP whole', 'PIE-Bench, SD1.4'], rows),
    reversed.length === 0 ? 'Both order these methods alike by background PSNR.' : `Ordered differently by background PSNR:\n\n${reversed.join('\n')}`,
  ].join('\n\n')
}

/** Puts the measured part into the document; what a person wrote around it stays. */
async function writeDocument(folder: string, result: Readonly<Record<string, unknown>>, summaries: readonly Summary[]): Promise<string> {
  const file = path.join(folder, 'editing-methods.md')
  await writePicture(await openPicture(String(result['sheet'])), path.join(folder, 'editing-methods.jpg'), { quality: 82 })
  const measured = [
    BEGIN,
    `${String(result['edits'])} edits by ${String(result['model'])} (${String(result['modelHash']).slice(0, 12)}), made by \`npm run measure -- words\`.`,
    String(result['table']).trim(),
    orderTable(summaries),
    '![One edit of each kind by each method](editing-methods.jpg)',
    END,
  ].join('\n\n')
  const template = path.join(docs, 'editing-methods.md')
  const before = existsSync(template) ? readFileSync(template, 'utf8') : `# How the editing methods compare\n\n${BEGIN}\n${END}\n`
  const [from, to] = [before.indexOf(BEGIN), before.indexOf(END)]
  const text = from < 0 || to < from ? `${before.trimEnd()}\n\n${measured}\n` : before.slice(0, from) + measured + before.slice(to + END.length)
  writeFileAtomic(file, Buffer.from(text))
  return file
}
