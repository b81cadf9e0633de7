/** A CLIP model folder against transformers (scripts/fixtures/make_metrics.py): its text and image embeddings, and their cosine. */
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { pictureFromSamples } from '../../main/engine/image/picture.ts'
import { clipScore, openClipModel } from '../../main/engine/pipelines/clipScore.ts'
import { readIntTensor, readTensor } from '../../main/engine/weights/safetensors.ts'
import { writeSafetensors } from '../../main/engine/weights/safetensorsWriter.ts'
import { openWeights } from '../../main/engine/weights/storedWeights.ts'

const fixtures = path.resolve(import.meta.dirname, '../fixtures/metrics')
const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-clip-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const cases = openWeights(path.join(fixtures, 'cases.safetensors')).entries
const cache = { dir: path.join(folder, 'cache'), maxBytes: 2 ** 30 }

/** The fixture's weights with the whole token table, of which it holds only the rows that are read. */
function writeModel(): void {
  const ids = readIntTensor(cases.get('clip/token_ids')!)
  const rows = readTensor(cases.get('clip/token_rows')!)
  const width = rows.dims[1]!
  const table = new Float32Array(49408 * width)
  ids.data.forEach((id, row) => table.set(rows.data.subarray(row * width, (row + 1) * width), Number(id) * width))
  const rest = Object.fromEntries([...openWeights(path.join(fixtures, 'clip', 'model.safetensors')).entries].map(([name, entry]) => [name, readTensor(entry)]))
  writeSafetensors(path.join(folder, 'model.safetensors'), { ...rest, 'text_model.embeddings.token_embedding.weight': { data: table, dims: [49408, width] } })
  copyFileSync(path.join(fixtures, 'clip', 'config.json'), path.join(folder, 'config.json'))
}

test('embeddings and score equal those of transformers', async () => {
  writeModel()
  const scorer = await openClipModel(folder, cache)
  const pixels = readIntTensor(cases.get('clip/picture')!)
  const picture = pictureFromSamples(Uint8Array.from(pixels.data as Int32Array), { width: 32, height: 32, channels: 3 })
  const [text, image] = [await scorer.text('a red cat in snow'), await scorer.picture(picture)]
  await scorer.dispose()
  const cosineTo = (values: Float32Array, name: string): number => clipScore(values, readTensor(cases.get(`clip/${name}`)!).data) / 100
  expect(cosineTo(text, 'text_embeds')).toBeGreaterThan(1 - 1e-6)
  expect(cosineTo(image, 'image_embeds')).toBeGreaterThan(1 - 1e-6)
  expect(clipScore(text, image)).toBeCloseTo(100 * Math.max(0, readTensor(cases.get('clip/cosine')!).data[0]!), 3)
})

test('a folder without a CLIP model is refused', async () => {
  const empty = mkdtempSync(path.join(folder, 'empty-'))
  await expect(openClipModel(empty, cache)).rejects.toThrow(/expected a CLIP model as transformers saves it .* found a folder without config\.json; fetch for example/)
  writeFileSync(path.join(empty, 'config.json'), '{"model_type": "bert"}')
  await expect(openClipModel(empty, cache)).rejects.toThrow(/found a configuration of "bert"/)
  await expect(openClipModel(path.join(folder, 'nowhere'), cache)).rejects.toThrow(/found no such folder/)
})
