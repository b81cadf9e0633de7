/**
 * The models offered by name. The list holds facts only: where a model is and what it may be used for. Sizes and sums
 * come from the hub when it is asked, never from here, where they could be wrong.
 */
import { z } from 'zod'
import { badInput } from '../../engine/errors.ts'
import data from './catalogue.json' with { type: 'json' }
import { licenceText } from './licences.ts'

const entrySchema = z.object({
  id: z.string().regex(/^[a-z0-9.-]+$/),
  name: z.string().min(1),
  about: z.string().min(1),
  kind: z.enum(['text-to-image', 'inpaint']),
  repository: z.string().regex(/^[\w.-]+\/[\w.-]+$/),
  /** which weights of several: "" for full precision, "fp16" for half the bytes */
  variant: z.enum(['', 'fp16']),
  licence: z.object({ id: z.string().min(1), name: z.string().min(1), url: z.url() }),
})

/** One model of the list; the licence comes with its terms in short. */
export interface CatalogueModel extends z.output<typeof entrySchema> {
  readonly licence: z.output<typeof entrySchema>['licence'] & { readonly text: string }
}

/** Every model of the list. @throws ZodError when catalogue.json has been damaged */
export function catalogueModels(): CatalogueModel[] {
  const { entries } = z.object({ version: z.literal(1), entries: z.array(entrySchema) }).parse(data)
  return entries.map((entry) => ({ ...entry, licence: { ...entry.licence, text: licenceText(entry.licence) } }))
}

/** A model of the list by its id. @throws EngineError model/unknown (exit 2) */
export function catalogueModel(id: string): CatalogueModel {
  const models = catalogueModels()
  const found = models.find((model) => model.id === id)
  if (found) return found
  throw badInput('model/unknown', { thing: `catalogue entry ${id}`, expected: `one of ${models.map((model) => model.id).join(', ')}`, found: 'none of this name' })
}
