/**
 * Where a step of a recipe acts: a mask file, the places a word points to, a range of colours, or everything. The
 * language of `where` is told in main/engine/requests/where.ts: attention(car) > 0.4.
 */
import { z } from 'zod'

export { evaluateWhere, formatWhere, parseWhere, wordsOf } from '../engine/requests.ts'
export type { Where } from '../engine/requests.ts'

/** Checks an aim as a recipe writes it. `{name}` in a mask's path stands for the picture's name without its suffix; * and ? stand for any letters. */
export const aimSchema = z.union([
  z.literal('everything').describe('the whole picture'),
  z.strictObject({
    mask: z.string().min(1).refine((file) => !/^([/\\]|[a-z]:)|(^|[/\\])\.\.([/\\]|$)/i.test(file), 'a path inside the masks folder').describe('mask file; {name} stands for the name of the picture, * for any letters'),
  }),
  z.strictObject({ where: z.string().min(1).max(1000).describe('condition on the attention of words, as in attention(car) > 0.4') }),
  z.strictObject({
    colour: z.string().regex(/^#[0-9a-fA-F]{6}$/, 'a colour like #3366cc').describe('centre of a range of colours, as #rrggbb'),
    tolerance: z.number().min(0).max(1).default(0.1).describe('distance in OKLab, 0 to 1'),
  }),
])
/** One of {@link aimSchema}. */
export type Aim = z.output<typeof aimSchema>
