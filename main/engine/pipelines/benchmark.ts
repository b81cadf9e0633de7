/**
 * Benchmark folders in PIE-Bench's layout (Ju et al. 2023, arXiv 2310.01506): `mapping_file.json` and the pictures it
 * names. papercut-pie adds what PIE-Bench lacks: the true result and the scenes as records.
 */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { badInput } from '../errors.ts'
import { readJsonObject } from '../weights/jsonFile.ts'
import type { ProbeRecord } from '../nets/probe.ts'

/** PIE-Bench's kinds of edit by their number. */
export const EDIT_KINDS = ['random', 'change object', 'add object', 'delete object', 'change content', 'change pose', 'change colour', 'change material', 'change background', 'change style'] as const

/** Side of PIE-Bench's pictures, which its masks count over when the entry names no size. */
const PIE_SIDE = 512

const objectSchema = z.looseObject({ cls: z.string() })
const recordSchema = z.looseObject({ objects: z.array(objectSchema) })
const entrySchema = z.looseObject({
  image_path: z.string().min(1),
  original_prompt: z.string(),
  editing_prompt: z.string(),
  editing_type_id: z.union([z.string(), z.number()]).transform(String),
  blended_word: z.string().default(''),
  mask: z.array(z.number().int().min(0)).default([]),
  edited_image_path: z.string().optional(),
  image_size: z.tuple([z.number().int().min(1), z.number().int().min(1)]).default([PIE_SIDE, PIE_SIDE]),
  original_record: recordSchema.optional(),
  edited_record: recordSchema.optional(),
})

/** A scene as the benchmark knows it. */
export type SceneRecord = z.output<typeof recordSchema>

/** One edit to be made. */
export interface BenchCase {
  readonly id: string
  /** absolute */
  readonly image: string
  /** the true result, absolute; null where the benchmark has none */
  readonly truth: string | null
  readonly source: string
  readonly target: string
  /** 0 to 9 */
  readonly kind: number
  /** words of the source and of the target where the edit may show; null for none */
  readonly blendWords: readonly [string, string] | null
  readonly size: { readonly width: number; readonly height: number }
  /** 1 where the picture changes, row-major */
  readonly mask: Uint8Array
  readonly records: { readonly before: SceneRecord; readonly after: SceneRecord } | null
}

/** A benchmark and what it lacks. */
export interface Benchmark {
  readonly cases: readonly BenchCase[]
  /** files that it names and does not have, relative */
  readonly missing: readonly string[]
}

/**
 * Reads a benchmark. Entries whose picture is missing are left out and named.
 * @throws EngineError evaluate/bench (exit 2) when there is no readable mapping_file.json
 */
export function readBenchmark(folder: string): Benchmark {
  const mapping = path.join(folder, 'mapping_file.json')
  if (!fs.existsSync(mapping)) throw badInput('evaluate/bench', { thing: folder, expected: "a benchmark folder with PIE-Bench's mapping_file.json", found: fs.existsSync(folder) ? 'none in it' : 'no such folder' })
  const cases: BenchCase[] = []
  const missing: string[] = []
  for (const [id, value] of Object.entries(readJsonObject(mapping, 'a benchmark'))) {
    const parsed = entrySchema.safeParse(value)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]
      throw badInput('evaluate/bench', { thing: mapping, expected: `an edit under ${JSON.stringify(id)}`, found: `${issue?.path.join('.') || 'an entry'}: ${issue?.message ?? 'another'}` })
    }
    const entry = parsed.data
    const image = below(folder, 'annotation_images', entry.image_path)
    const truth = entry.edited_image_path === undefined ? null : below(folder, 'edited_images', entry.edited_image_path)
    const absent = [image, truth].filter((file) => file !== null && !fs.existsSync(file)).map((file) => path.relative(folder, file!))
    missing.push(...absent)
    if (!fs.existsSync(image)) continue
    const [height, width] = entry.image_size
    const words = entry.blended_word.trim().split(/\s+/)
    cases.push({
      id,
      image,
      truth: truth !== null && fs.existsSync(truth) ? truth : null,
      source: entry.original_prompt.replace(/[[\]]/g, ''),
      target: entry.editing_prompt.replace(/[[\]]/g, ''),
      kind: Number(entry.editing_type_id),
      blendWords: words.length === 2 ? [words[0]!, words[1]!] : null,
      size: { width, height },
      mask: decodeMask(entry.mask, width, height),
      records: entry.original_record && entry.edited_record ? { before: entry.original_record, after: entry.edited_record } : null,
    })
  }
  return { cases, missing }
}

/** Runs (start, length, start, length ...) row by row to a mask; the outermost pixels are set, as PIE-Bench's reader does. */
export function decodeMask(runs: readonly number[], width: number, height: number): Uint8Array {
  const mask = new Uint8Array(width * height)
  for (let i = 0; i + 1 < runs.length; i += 2) mask.fill(1, runs[i], Math.min(mask.length, runs[i]! + runs[i + 1]!))
  for (let x = 0; x < width; x++) mask[x] = mask[(height - 1) * width + x] = 1
  for (let y = 0; y < height; y++) mask[y * width] = mask[y * width + width - 1] = 1
  return mask
}

/** A thing that an edit asks for, as a question to the probe. */
export interface AskedFact {
  /** object: it is there; gone: it is not; an attribute of an object; or a property of the picture */
  readonly what: 'object' | 'gone' | 'attribute' | 'picture'
  readonly class?: string
  readonly name?: string
  readonly value?: string
}

const ATTRIBUTES = ['colour', 'pattern', 'size', 'place'] as const
const PICTURE = ['background', 'style', 'weather'] as const

/** What changed between two scenes. */
export function askedFacts(before: SceneRecord, after: SceneRecord): AskedFact[] {
  const facts: AskedFact[] = []
  for (const object of after.objects) {
    const old = before.objects.find(({ cls }) => cls === object.cls)
    if (!old) facts.push({ what: 'object', class: object.cls })
    else for (const name of ATTRIBUTES) if (object[name] !== old[name]) facts.push({ what: 'attribute', class: object.cls, name, value: String(object[name]) })
  }
  for (const { cls } of before.objects) if (!after.objects.some((object) => object.cls === cls)) facts.push({ what: 'gone', class: cls })
  for (const name of PICTURE) if (before[name] !== after[name]) facts.push({ what: 'picture', name, value: String(after[name]) })
  return facts
}

/** Whether the probe sees a fact. */
export function holds(fact: AskedFact, seen: ProbeRecord): boolean {
  const object = seen.objects.find((candidate) => candidate.class === fact.class)
  switch (fact.what) {
    case 'object':
      return object !== undefined
    case 'gone':
      return object === undefined
    case 'attribute':
      return object?.attributes[fact.name!] === fact.value
    case 'picture':
      return seen.picture[fact.name!] === fact.value
  }
}

/** A path below the benchmark's own folder. */
function below(folder: string, part: string, file: string): string {
  const root = path.join(folder, part)
  const full = path.resolve(root, file)
  if (full.startsWith(root + path.sep)) return full
  throw badInput('evaluate/bench', { thing: path.join(folder, 'mapping_file.json'), expected: `pictures below ${part}`, found: JSON.stringify(file) })
}
