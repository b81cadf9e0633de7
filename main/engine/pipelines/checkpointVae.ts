/** A checkpoint's VAE as the pipelines use it. */
import { buildVaeDecoder, buildVaeEncoder } from '../nets/autoencoderKl.ts'
import { scale } from '../tensor/elementwise.ts'
import type { Latents, Pixels } from '../tensor/tensor.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import { output } from './netOutput.ts'
import { tiledVae, type Vae } from './vae.ts'

/** How pictures go through the VAE; the defaults are the ordinary way. */
export interface VaeOptions {
  readonly tiledFrom?: number
  readonly tile?: number
  /** decode with the tiny VAE where the checkpoint has one */
  readonly tiny?: boolean
}

/** Pixels of a side that a latent side stands for, in every family so far. */
const VAE_SCALE = 8
/** What latents are multiplied with where the configuration does not say. */
const SCALING_FACTOR = 0.18215

/** The VAE, tiled from `tiledFrom` pixels on with tiles of `tile` latent pixels. */
export function checkpointVae(loaded: LoadedCheckpoint, { tiledFrom, tile, tiny = false }: VaeOptions): Vae {
  const { fused } = loaded
  const configured = loaded.checkpoint.components.vae?.config['scaling_factor']
  const factor = typeof configured === 'number' ? configured : SCALING_FACTOR
  return tiledVae(
    {
      source: loaded.checkpoint.path,
      encode: async (pixels) => {
        const [, , height, width] = pixels.dims as [number, number, number, number]
        const key = loaded.speedKey('vaeEncoder', height / VAE_SCALE, width / VAE_SCALE)
        const net = await loaded.openTimed('vaeEncoder', `${height}x${width}`, key, (config, weights) => buildVaeEncoder(config, weights, { batch: 1, height, width, fused }))
        return scale(output(await net.run({ sample: pixels }), 'mean') as Latents, factor)
      },
      decode: async (latents) => {
        const small = tiny ? await loaded.tinyDecode(latents) : null
        if (small) return small
        const [, , height, width] = latents.dims as [number, number, number, number]
        const key = loaded.speedKey('vaeDecoder', height, width)
        const net = await loaded.openTimed('vaeDecoder', `${height}x${width}`, key, (config, weights) => buildVaeDecoder(config, weights, { batch: 1, height, width, fused }))
        return output(await net.run({ latent_sample: scale(latents, 1 / factor) }), 'sample') as Pixels
      },
    },
    tiledFrom,
    tile,
  )
}
