/**
 * The comparison of editing methods: `evaluate` over papercut-pie, and docs/editing-methods.md from it. A run that was
 * interrupted, or cut short by --minutes, goes on where it stopped. With --limit or --steps the document stays among the
 * results.
 */
import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { openPicture } from '../../main/engine/image/codec.ts'
import { wholeBox } from '../../main/engine/image/geometry.ts'
import { pictureFromSamples } from '../../main/engine/image/picture.ts'
import { renderRgb } from '../../main/engine/image/sheet.ts'
import { writePicture } from '../../main/engine/image/writePicture.ts'
import type { EngineEvent } from '../../main/engine/requests.ts'
import { writeFileAtomic } from '../../main/engine/weights/atomicFile.ts'
import { weightsName } from './kept.ts'
import { figure, table, type Figure } from './report.ts'
import { benchFolder } from './scenes.ts'
import { openEngine, type Measure } from './session.ts'

/** What is compared, in the order of the table's rows. */
const METHODS = ['ddim+p2p', 'npi+p2p', 'proxnpi+p2p', 'direct+p2p', 'renoise+p2p', 'ef-ddpm+p2p', 'edict+p2p', 'ddim+masactrl', 'direct+masactrl', 'ddim+pnp', 'direct+pnp']

/** Background PSNR in dB and CLIP-score of the whole picture that PIE-Bench's authors report for SD1.4 (arXiv 2310.01506). */
const REPORTED: Readonly<Record<string, readonly [psnr: number, clip: number]>> = {
  'ddim+p2p': [17.87, 25.01], 'npi+p2p': [26.21, 24.61], 'direct+p2p': [27.22, 25.02], 'ddim+masactrl': [22.17, 23.96], 'direct+masactrl': [22.64, 24.38], 'ddim+pnp': [22.28, 25.41], 'direct+pnp': [22.46, 25.41],
}

/** Pixels across the document's sheet. */
const SHEET_WIDTH = 1400 // a sheet that a repository can bear: about 200 KB

const docs = path.resolve(import.meta.dirname, '..', '..', 'docs')
const [BEGIN, END] = ['<!-- measured: begin -->', '<!-- measured: end -->']

interface Summary {
  readonly method: string
  readonly means: Readonly<Record<string, number | null>>
}

/** The three that the figures are about. */
const THREE = ['ddim+p2p', 'npi+p2p', 'direct+p2p']

/** A part of the comparison: some methods over some edits. */
interface Comparison {
  readonly result: Readonly<Record<string, unknown>>
  readonly summaries: readonly Summary[]
}

/**
 * Runs what is missing, then writes the document. Every method over one edit of each kind comes first, then the three of the
 * figures over everything, then every method over the rest: whenever the time is over, both tables are there.
 */
export const words: Measure = {
  summary: 'every editing method over the 140 edits of papercut-pie (hours; --minutes cuts it short, it resumes), and docs/editing-methods.md',
  async run({ folder, limit, minutes, steps, model }) {
    const engine = openEngine()
    const until = performance.now() + (minutes ?? Infinity) * 60_000
    const out = path.join(folder, `${await weightsName(engine, model)}-${steps ?? 50}`)
    const compare = async (methods: readonly string[], most: number | undefined): Promise<Comparison> => {
      const left = (until - performance.now()) / 60_000
      const request = { task: 'evaluate', bench: benchFolder, model, methods, steps: steps ?? 50, guidance: 7.5, device: 'cpu', out, ...(most === undefined ? {} : { limit: most }), ...(minutes === undefined ? {} : { minutes: Math.max(left, 0.01) }) }
      const result = await engine.run(request, { onEvent: tellProgress })
      return { result, summaries: result['methods'] as Summary[] }
    }
    await compare(METHODS, 1)
    const three = await compare(THREE, limit)
    const all = await compare(METHODS, limit) // also when the time is over: the sheet is now of the three
    await engine.dispose()
    const isPart = limit !== undefined || steps !== undefined
    const file = await writeDocument(isPart ? out : docs, three, all)
    return { figures: figuresOf(three.summaries), details: [...tablesOf(three, all), `Written to ${file}.${isPart ? ' A part only: docs/ was left as it is.' : ''}`] }
  },
}

/** The tables as Markdown: all methods, and the three over more edits where there are more. */
function tablesOf(three: Comparison, all: Comparison): string[] {
  const edits = ({ result }: Comparison): number => Number(result['edits'])
  const tables = ({ result }: Comparison): string => String(result['table']).trim().replace(/^## /gm, '### ')
  return [
    ...(edits(three) > edits(all) ? [`## The three inversions, ${edits(three)} edits`, tables(three)] : []),
    `## Every method, ${edits(all)} edits`,
    tables(all),
    orderTable(all.summaries),
  ]
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
async function writeDocument(folder: string, three: Comparison, all: Comparison): Promise<string> {
  const file = path.join(folder, 'editing-methods.md')
  await writeSheet(String(all.result['sheet']), path.join(folder, 'editing-methods.jpg'))
  const measured = [
    BEGIN,
    `Edits by ${String(all.result['model'])} (${String(all.result['modelHash']).slice(0, 12)}), made by \`npm run measure -- words\`.`,
    ...tablesOf(three, all),
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

/** The sheet at a size that a page shows. */
async function writeSheet(file: string, out: string): Promise<void> {
  const sheet = await openPicture(file)
  const size = { width: SHEET_WIDTH, height: Math.round((sheet.height * SHEET_WIDTH) / sheet.width) }
  await writePicture(pictureFromSamples(await renderRgb(sheet, wholeBox(sheet), size), { ...size, channels: 3 }), out, { quality: 66 })
}
