/** `show`: the recipe that a picture carries. */
import { badInput } from '../errors.ts'
import { readRecipe } from '../image/codec.ts'
import type { EngineResult, RequestOf } from '../requests.ts'

/** Reads the recipe embedded in a picture. @throws EngineError picture/no-recipe (exit 2) when it has none. */
export async function showRecipe(request: RequestOf<'show'>): Promise<EngineResult> {
  const recipe = await readRecipe(request.image)
  if (recipe) return { image: request.image, recipe }
  throw badInput('picture/no-recipe', { thing: request.image, expected: 'a picture with an embedded recipe', found: 'none', todo: 'pictures written with --no-recipe, or by other programs, have none' })
}
