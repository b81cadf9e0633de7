/** What a document remembers of the picture it was opened from; it is kept in the canvas's `extra`. */
import { z } from 'zod'
import { blobHashSchema } from '../../history/ids.ts'
import type { Canvas, JsonObject } from '../../history/model.ts'

const factsSchema = z.object({
  /** picture that lends profile, depth and metadata */
  base: blobHashSchema.nullable().default(null),
  /** sRGB colour below all layers */
  background: z.string().nullable().default(null),
  source: z.object({ name: z.string(), format: z.string(), depth: z.number(), profile: z.string().nullable(), bytes: z.number() }).nullable().default(null),
})
/** See {@link factsOf}. */
export type SourceFacts = z.output<typeof factsSchema>

/** The facts in a canvas; defaults where another program left others. */
export function factsOf(canvas: Pick<Canvas, 'extra'>): SourceFacts {
  const parsed = factsSchema.safeParse(canvas.extra)
  return parsed.success ? parsed.data : factsSchema.parse({})
}

/** The facts as a canvas keeps them. */
export function factsExtra(facts: SourceFacts): JsonObject {
  return { ...facts }
}
