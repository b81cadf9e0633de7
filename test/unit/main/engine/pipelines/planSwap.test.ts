/** What a swap takes where the person says nothing. */
import { expect, test } from 'vitest'
import type { ModelCard } from '../../../../../main/engine/families/modelCard.ts'
import type { LoadedCheckpoint } from '../../../../../main/engine/pipelines/loadedCheckpoint.ts'
import { settleSwap } from '../../../../../main/engine/pipelines/planSwap.ts'
import { requestSchemas } from '../../../../../main/engine/requests.ts'

const settled = (request: object, edit?: ModelCard['edit']) => {
  const { guidance, blendThreshold } = settleSwap(requestSchemas.swap.parse({ task: 'swap', model: 'any', out: 'out.png', ...request }), { checkpoint: { card: edit === undefined ? undefined : { edit } } } as unknown as LoadedCheckpoint)
  return { guidance, blendThreshold }
}

test('what the person says counts, then the card, then the numbers of prompt-to-prompt’s authors', () => {
  expect(settled({})).toEqual({ guidance: 7.5, blendThreshold: 0.3 })
  expect(settled({}, { guidance: 3 })).toEqual({ guidance: 3, blendThreshold: 0.3 })
  expect(settled({}, { guidance: 3, blendThreshold: 0.5 })).toEqual({ guidance: 3, blendThreshold: 0.5 })
  expect(settled({ guidance: 9, blendThreshold: 0 }, { guidance: 3, blendThreshold: 0.5 })).toEqual({ guidance: 9, blendThreshold: 0 })
})
