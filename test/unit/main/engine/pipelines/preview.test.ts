import { describe, expect, it } from 'vitest'
import { cardLatentRgb, linearPreview, SD1_LATENT_RGB } from '../../../../../main/engine/pipelines/preview.ts'

describe('linear previews', () => {
  it('map latent channels to RGB by the card, which counts in [0,1]', () => {
    const map = cardLatentRgb({ matrix: [[0.5, 0, 0], [0, 0.25, 0], [0, 0, 0], [0, 0, 0]], bias: [0, 0.5, 1] })!
    const latents = { data: Float32Array.from([1, 0, /* second channel */ 1, -1, 0, 0, 0, 0]), dims: [1, 4, 1, 2] }
    const { width, height, rgba } = linearPreview(latents, map)
    expect([width, height]).toEqual([2, 1])
    expect([...rgba]).toEqual([128, 191, 255, 255, 0, 64, 255, 255])
  })

  it('fall back to the common map where a card has none or another form', () => {
    expect(cardLatentRgb(undefined)).toBeNull()
    expect(cardLatentRgb({ matrix: [[1, 2]], bias: [0, 0, 0] })).toBeNull()
    expect(SD1_LATENT_RGB.factors).toHaveLength(4)
  })
})
