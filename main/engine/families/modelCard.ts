/** `model.json`: the card that stands beside a model's folders. */
import path from 'node:path'
import { z } from 'zod'
import { badInput } from '../errors.ts'
import { readJsonObject } from '../weights/jsonFile.ts'

/** The card's file name. */
export const CARD_NAME = 'model.json'

const relativePath = z.string().min(1).max(1000)

const cardSchema = z.looseObject({
  id: z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/, 'lower-case letters, digits, dots and dashes'),
  name: z.string().min(1).max(200),
  family: z.enum(['sd1', 'sd2']),
  kind: z.enum(['text-to-image', 'inpaint', 'instruct']),
  /** native side in pixels */
  size: z.number().int().min(8).max(4096),
  /** every file of the model, relative to the card */
  files: z.array(z.looseObject({ path: relativePath, sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().min(0) })).default([]),
  licence: z.string().optional(),
  /** the words the model knows, where that is a short list */
  vocabulary: z.unknown().optional(),
  /** instant previews: rows of a [4,3] matrix from latent channels to RGB in [0,1], and a bias [3] */
  latentRgb: z.unknown().optional(),
  /** what edits with words take where the person says nothing, in the place of the program's own defaults (see requests/words.ts) */
  edit: z.looseObject({ guidance: z.number().min(0).max(50).optional(), blendThreshold: z.number().min(0).max(1).optional() }).optional(),
  /** where components that are not in this folder come from: another model's folder, or one folder per component */
  shares: z.union([relativePath, z.record(z.string(), relativePath)]).optional(),
})

/** A checked card; keys it does not know are kept as they are. */
export type ModelCard = z.output<typeof cardSchema>

/**
 * Reads and checks a model card.
 * @throws EngineError weights/no-file, weights/bad-json, model/bad-card (exit 2)
 */
export function readModelCard(file: string): ModelCard {
  const parsed = cardSchema.safeParse(readJsonObject(file, 'a model card'))
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw badInput('model/bad-card', {
    thing: file,
    expected: 'a model card (id, name, family, kind, size)',
    found: `${issue?.path.join('.') || 'the card'}: ${issue?.message ?? 'not as described'}`,
  })
}

/**
 * The folder a card says a component comes from, absolute; undefined when the card names none. Cards are data
 * from strangers too: the folder must lie beside the card's own, below the same models folder.
 * @param names what the card may call it: the folder's name (`text_encoder`) and the component's (`textEncoder`)
 * @throws EngineError model/outside (exit 2)
 */
export function sharedFolder(card: ModelCard, cardFolder: string, names: readonly [folder: string, component: string]): string | undefined {
  const { shares } = card
  const listed = typeof shares === 'object' ? names.find((name) => Object.hasOwn(shares, name)) : undefined
  const relative = typeof shares === 'string' ? path.join(shares, names[0]) : listed === undefined ? undefined : shares?.[listed as keyof typeof shares]
  if (relative === undefined) return undefined
  const root = path.dirname(cardFolder)
  const target = path.resolve(cardFolder, relative)
  if (path.isAbsolute(relative) || !target.startsWith(root + path.sep)) {
    throw badInput('model/outside', { thing: path.join(cardFolder, CARD_NAME), expected: `folders below ${root} under shares`, found: relative })
  }
  return target
}
