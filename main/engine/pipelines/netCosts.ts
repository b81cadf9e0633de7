/** What the nets of a checkpoint cost to run once, before any of them is opened. */
import type { GraphCost } from '../graph/cost.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../nets/autoencoderKl.ts'
import { buildClipText } from '../nets/clipText.ts'
import { buildUNet2DCondition } from '../nets/unet2dCondition.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'

/** Pixels of a side that a latent side stands for. */
const VAE_SCALE = 8

/** Costs of encoding and decoding a picture of that many latent rows and columns in one piece. */
export async function vaeCosts(loaded: LoadedCheckpoint, height: number, width: number): Promise<[encoder: GraphCost, decoder: GraphCost]> {
  const { fused } = loaded
  return [
    await loaded.costOf('vaeEncoder', `${height}x${width}`, (config, weights) => buildVaeEncoder(config, weights, { batch: 1, height: height * VAE_SCALE, width: width * VAE_SCALE, fused })),
    await loaded.costOf('vaeDecoder', `${height}x${width}`, (config, weights) => buildVaeDecoder(config, weights, { batch: 1, height, width, fused })),
  ]
}

/** Cost of one row through the UNet at a latent size; `unetFloat` beside an int8 one. */
export function unetCost(loaded: LoadedCheckpoint, height: number, width: number, tokens = 77, net: 'unet' | 'unetFloat' = 'unet'): Promise<GraphCost> {
  return loaded.costOf(net, `${height}x${width}x${tokens}`, (config, weights) => buildUNet2DCondition(config, weights, { batch: 1, height, width, tokens, fused: loaded.fused }))
}

/** Cost of one prompt through the text encoder. */
export function textCost(loaded: LoadedCheckpoint): Promise<GraphCost> {
  return loaded.costOf('textEncoder', '', (config, weights) => buildClipText(config, weights, { batch: 1, fused: loaded.fused }))
}
