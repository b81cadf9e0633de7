/** Steps as a recipe: text for the clipboard or a file that the batch runs. */
import { bridge, call } from '../../api/client.ts'
import { openDocument, place } from '../../stores/documentStore.ts'
import { tellNotice } from '../../stores/sessionStore.ts'
import { t } from '../../strings/t.ts'

/** Copies steps, oldest first, as a recipe. @throws AppError when none of them can be repeated */
export async function copyRecipe(operations: readonly number[]): Promise<void> {
  const where = place()
  if (!where) return
  const recipe = await call('history.recipe', { project: where.project, operations: [...operations], name: openDocument().name })
  await navigator.clipboard.writeText(recipe.text)
  const message = recipe.leftOut > 0 ? t('history.recipe.left-out', { n: recipe.leftOut }) : t('history.recipe.copied')
  tellNotice({ id: 'recipe', level: 'info', message, sticky: false, over: false })
}

/** Writes steps, oldest first, as a recipe file with the masks it needs. @throws AppError */
export async function saveRecipe(operations: readonly number[]): Promise<void> {
  const where = place()
  if (!where) return
  const { name } = openDocument()
  const target = await bridge().pickTarget({ name: `${name}.recipe.json`, kind: 'recipe' })
  if (!target) return
  await call('history.saveRecipe', { project: where.project, operations: [...operations], name, target: target.target })
  await bridge().targetWritten(target)
  tellNotice({ id: 'recipe', level: 'info', message: t('document.exported', { name: target.name }), sticky: false, over: false })
}
