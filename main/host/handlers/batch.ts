/** Batches: plan, run, look, decide. */
import type { batchMethods } from '../../../preload/contract/batch.ts'
import { aimKind, parseRecipe } from '../../history/recipe.ts'
import type { HostParts } from '../host.ts'
import type { Topic } from './topic.ts'

/** See {@link Topic}. */
export function batchHandlers({ batches }: HostParts): Topic<typeof batchMethods> {
  return {
    'batch.check': ({ recipe }) => {
      const { name, steps } = parseRecipe(recipe, 'The recipe')
      return { name, steps: steps.map(({ task, aim, params }) => ({ task, aim: typeof aim === 'string' ? aim : `${aimKind(aim)}: ${Object.values(aim).join(', ')}`, summary: typeof params['prompt'] === 'string' ? params['prompt'] : task })) }
    },
    'batch.plan': (wish) => batches.plan(wish),
    'batch.start': ({ batch }) => batches.start(batch),
    'batch.pause': ({ batch }) => batches.pause(batch),
    'batch.cancel': ({ batch }) => batches.cancel(batch),
    'batch.list': () => ({ batches: batches.list() }),
    'batch.items': ({ batch, from, count }) => batches.items(batch, from, count),
    'batch.review': ({ batch, index, verdict }) => batches.review(batch, index, verdict),
    'batch.media': async ({ batch, index, which, side }) => ({ key: await batches.media(batch, index, which, side) }),
  }
}
