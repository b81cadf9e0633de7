/**
 * One fuzz case: a tiny checkpoint is damaged and then used as a person would use it. Runs in a process of its
 * own (checkpointsChild.ts), so that a crash or a hang is seen from outside.
 */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { EngineError } from '../../main/engine/errors.ts'
import type { Checkpoint } from '../../main/engine/families/checkpoint.ts'
import { ModelStore } from '../../main/engine/families/modelStore.ts'
import { openCheckpoint } from '../../main/engine/families/openCheckpoint.ts'
import { verifyCheckpoint, withShapesOnly } from '../../main/engine/families/verifyCheckpoint.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../../main/engine/nets/autoencoderKl.ts'
import { buildClipText } from '../../main/engine/nets/clipText.ts'
import { buildUNet2DCondition } from '../../main/engine/nets/unet2dCondition.ts'
import { requireFinite } from '../../main/engine/weights/conversion.ts'
import { ensureFloat32 } from '../../main/engine/weights/convertedWeights.ts'
import { readSafetensorsHeader } from '../../main/engine/weights/safetensors.ts'
import { zeros } from '../../main/engine/tensor/tensor.ts'
import { safetensorsPreamble, writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'
import { makeCheckpointFolder, makeConfigDir, singleFileFixture, writeJson } from '../support/checkpointFolders.ts'
import { Chooser, mutateBytes, mutateHeader, mutateJson, replaceFile } from './mutations.ts'

/** What became of one case. */
export interface CaseResult {
  readonly number: number
  /** accepted: nothing was found wrong; refused: a sentence; failed: anything that must not happen */
  readonly outcome: 'accepted' | 'refused' | 'failed'
  /** What was done to which file, and the sentence or the fault. */
  readonly detail: string
}

/** Undamaged checkpoints that the cases start from; each is accepted as it is. */
export function makeTemplates(folder: string): void {
  fs.mkdirSync(folder, { recursive: true })
  for (const family of ['sd1', 'sd2'] as const) {
    const place = path.join(folder, `single-${family}`)
    makeConfigDir(path.join(place, 'config'), { unet: `unet-${family}`, vae: 'vae-kl', text_encoder: `clip-text-${family}` })
    fs.copyFileSync(singleFileFixture(family), path.join(place, 'model.safetensors'))
  }
  const plan = { unet: 'unet-sd1', vae: 'vae-kl' }
  for (const template of ['folder', 'sharded', 'card']) writeTextEncoder(path.join(makeCheckpointFolder(path.join(folder, template, 'model'), plan), 'text_encoder'))
  shard(path.join(folder, 'sharded/model/unet/diffusion_pytorch_model.safetensors'))
  fs.renameSync(path.join(folder, 'card/model'), path.join(folder, 'card/base'))
  const card = makeCheckpointFolder(path.join(folder, 'card/model'), { unet: 'unet-inpaint' })
  fs.rmSync(path.join(card, 'tokenizer'), { recursive: true })
  const listed = ['unet/config.json', 'unet/diffusion_pytorch_model.safetensors'].map((name) => {
    const bytes = fs.readFileSync(path.join(card, name))
    return { path: name, sha256: createHash('sha256').update(bytes).digest('hex'), bytes: bytes.length }
  })
  const shares = { vae: '../base/vae', text_encoder: '../base/text_encoder', tokenizer: '../base/tokenizer' }
  writeJson(path.join(card, 'model.json'), { id: 'm', name: 'M', family: 'sd1', kind: 'inpaint', size: 64, files: listed, shares })
}

/** A text encoder whose states are as wide as the UNet fixtures want them: 8 features. */
function writeTextEncoder(folder: string): void {
  const fixture = path.resolve(import.meta.dirname, '../fixtures/nets/clip-text-sd1')
  const narrow = (shape: readonly number[]): number[] => shape.map((size) => (size === 16 ? 8 : size))
  const { tensors } = readSafetensorsHeader(path.join(fixture, 'model.safetensors'))
  fs.mkdirSync(folder)
  writeSafetensors(path.join(folder, 'model.safetensors'), Object.fromEntries([...tensors].map(([name, { shape }]) => [name, zeros(narrow(shape))])))
  const config = JSON.parse(fs.readFileSync(path.join(fixture, 'config.json'), 'utf8')) as object
  writeJson(path.join(folder, 'config.json'), { ...config, hidden_size: 8 })
}

function shard(file: string): void {
  const entries = [...readSafetensorsHeader(file).tensors.values()]
  const bytes = fs.readFileSync(file)
  const map: Record<string, string> = {}
  for (const [i, part] of [entries.slice(0, 200), entries.slice(200)].entries()) {
    const name = path.basename(file).replace('.safetensors', `-0000${i + 1}-of-00002.safetensors`)
    fs.writeFileSync(path.join(path.dirname(file), name), Buffer.concat([safetensorsPreamble(part), ...part.map((e) => bytes.subarray(e.offset, e.offset + e.length))]))
    for (const entry of part) map[entry.name] = name
  }
  fs.rmSync(file)
  writeJson(`${file}.index.json`, { metadata: {}, weight_map: map })
}

/** Everything below a folder; links are listed, not followed (fs.readdirSync's own recursion follows them round and round). */
function everythingBelow(folder: string): fs.Dirent[] {
  return fs.readdirSync(folder, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry, ...everythingBelow(path.join(folder, entry.name))] : [entry]))
}

/** Every file below a folder. */
function filesBelow(folder: string): string[] {
  return everythingBelow(folder).filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name)).sort()
}

/** Name, size and time of everything below a folder: equal before and after means that nothing was written. */
function snapshot(folder: string): string {
  return everythingBelow(folder)
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((file) => {
      const stat = fs.lstatSync(file, { bigint: true })
      return `${file} ${stat.size} ${stat.mtimeNs}`
    })
    .join('\n')
}

/** Copies a template and damages one or two of its files. */
function damage(templates: string, scratch: string, choose: Chooser): { target: string; done: string } {
  const template = choose.of(fs.readdirSync(templates).sort())
  fs.rmSync(scratch, { recursive: true, force: true })
  fs.cpSync(path.join(templates, template), scratch, { recursive: true })
  const done: string[] = []
  for (let n = choose.of([1, 1, 2]); n > 0; n--) {
    const file = choose.of(filesBelow(scratch))
    const bytes = fs.readFileSync(file)
    const kind = choose.below(12)
    const isWeights = file.endsWith('.safetensors') && bytes.length > 8
    if (kind === 0) done.push(`${path.relative(scratch, file)}: ${replaceFile(file, choose)}`)
    else {
      const [what, changed] = isWeights
        ? kind < 6 ? ['bytes', mutateBytes(bytes, choose)] : ['header', mutateHeader(bytes, choose)]
        : kind < 3 && bytes.length > 8 ? ['bytes', mutateBytes(bytes, choose)] : ['json', Buffer.from(mutateJson(bytes.toString('utf8'), choose))]
      fs.writeFileSync(file, changed as Buffer)
      done.push(`${path.relative(scratch, file)}: ${String(what)}`)
    }
    if (filesBelow(scratch).length === 0) break
  }
  const target = path.join(scratch, template.startsWith('single') ? 'model.safetensors' : 'model')
  return { target, done: `${template}, ${done.join(', ')}` }
}

/** Builds every net, small. */
function buildNets({ components: { unet, vae, textEncoder } }: Checkpoint): void {
  if (unet) buildUNet2DCondition(unet.config, unet.weights, { batch: 1, height: 8, width: 8, tokens: 77, fused: true })
  if (vae) {
    buildVaeEncoder(vae.config, vae.weights, { batch: 1, height: 64, width: 64, fused: true })
    buildVaeDecoder(vae.config, vae.weights, { batch: 1, height: 8, width: 8, fused: true })
  }
  if (textEncoder) buildClipText(textEncoder.config, textEncoder.weights, { batch: 1, clipSkip: 0, fused: true })
}

/** A net that does not fit its weights is told as such by whoever builds it; here only the sentence counts. */
function asBadInput(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof EngineError)) throw error
    throw new EngineError(error.code, error.message, { exitCode: 2, cause: error })
  }
}

/** Opens, verifies and converts a checkpoint. */
async function use(target: string, cacheDir: string): Promise<void> {
  if (target.endsWith('.safetensors')) {
    const single = await openCheckpoint(target, { configDir: path.join(path.dirname(target), 'config') })
    await requireFinite(Object.values(single.components).flatMap(({ weights }) => [...weights.entries.values()]))
    asBadInput(() => buildNets(withShapesOnly(single)))
    await openCheckpoint(target) // and without its configuration
    return
  }
  const checkpoint = await openCheckpoint(target)
  await verifyCheckpoint(checkpoint, { buildNets })
  for (const { weights } of Object.values(checkpoint.components)) await ensureFloat32(weights, { dir: cacheDir, maxBytes: 1e7 })
}

/** Runs case `number` of a seed in a scratch folder. */
export async function runCase(seed: number, number: number, templates: string, scratch: string): Promise<CaseResult> {
  const choose = new Chooser(seed * 1_000_003 + number)
  const place = path.join(scratch, 'case')
  const cacheDir = path.join(scratch, 'cache')
  fs.rmSync(cacheDir, { recursive: true, force: true })
  const { target, done } = damage(templates, place, choose)
  const before = snapshot(place)
  const fail = (fault: string): CaseResult => ({ number, outcome: 'failed', detail: `${done}: ${fault}` })
  let outcome: CaseResult = { number, outcome: 'accepted', detail: done }
  try {
    await use(target, cacheDir)
  } catch (error) {
    if (!(error instanceof EngineError)) return fail(error instanceof Error ? (error.stack ?? error.message) : String(error))
    if (error.exitCode !== 2) return fail(`exit code ${error.exitCode}: ${error.message}`)
    if (!/^[^\n\r]{20,2000}\.$/.test(error.message)) return fail(`not a sentence: ${error.message.slice(0, 3000)}`)
    outcome = { number, outcome: 'refused', detail: `${done}: ${error.message}` }
  }
  if (snapshot(place) !== before) return fail('the checkpoint was written to')
  const left = fs.existsSync(cacheDir) ? fs.readdirSync(cacheDir) : []
  if (left.some((name) => /lock|tmp/.test(name))) return fail(`left behind: ${left.join(', ')}`)
  // the store answers with a line, not an exception, whatever became of the files
  const rows = await new ModelStore({ bundledRoot: place, dataDir: path.join(scratch, 'no-data') }).list()
  if (rows.some((row) => row.problem !== undefined && row.problem.includes('\n'))) return fail(`a problem over several lines: ${JSON.stringify(rows)}`)
  return outcome
}
