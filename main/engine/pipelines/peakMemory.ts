/** The largest memory that a run will need, before it starts, and the ways to need less. */
import type { GraphCost } from '../graph/cost.ts'
import type { PictureHeader } from '../image/codec.ts'
import { usesBlockedLayout, type DeviceName } from '../runtime/session.ts'
import { KEEP_ALL_BELOW_BYTES, type LoadedCheckpoint } from './loadedCheckpoint.ts'
import { textCost, vaeCosts } from './netCosts.ts'
import type { RunShape } from './plan.ts'
import type { PlannedPhase } from './progress.ts'
import { TILED_FROM_PIXELS } from './vae.ts'

/** What is expected of a run. */
export interface Prediction {
  readonly phases: readonly PlannedPhase[]
  /** the engine process's largest resident size, mapped weights included */
  readonly peakBytes: number
}

/** How the VAE is run; rung 0 is the ordinary way. */
export interface Rung {
  readonly name: 'full' | 'tiled-vae' | 'small-tiles' | 'tiny-vae'
  /** sides from here on go through the VAE in tiles, pixels */
  readonly tiledFrom: number
  /** tile side in latent pixels */
  readonly tile: number
  readonly tiny: boolean
}

/** From the best result to the least memory. */
export const LADDER: readonly Rung[] = [
  { name: 'full', tiledFrom: TILED_FROM_PIXELS, tile: 64, tiny: false },
  { name: 'tiled-vae', tiledFrom: 513, tile: 64, tiny: false },
  { name: 'small-tiles', tiledFrom: 257, tile: 32, tiny: false },
  { name: 'tiny-vae', tiledFrom: 257, tile: 32, tiny: true },
]

/** Node, onnxruntime and sharp with what sessions keep beside weights and activations, bytes. Measured on Linux x64, eight runs. */
const BASE_BYTES = 180e6
/** Copies of a picture's samples alive at once: source, result, encoded and decoded again for the proof. */
const PICTURE_COPIES = 5

/** Expected peak memory of a run at a latent size; `unet` is the largest UNet it opens. */
export async function predictPeak(loaded: LoadedCheckpoint, [height, width]: RunShape['latent'], { unet, rung = LADDER[0]!, pictureBytes = 0 }: { readonly unet: GraphCost; readonly rung?: Rung; readonly pictureBytes?: number }): Promise<number> {
  const [vaeHeight, vaeWidth] = Math.max(height, width) * 8 < rung.tiledFrom ? [height, width] : [Math.min(height, rung.tile), Math.min(width, rung.tile)]
  const [encoder, decoder] = await vaeCosts(loaded, vaeHeight, vaeWidth)
  const nets: GraphCost[] = [await textCost(loaded), unet, encoder, decoder]
  const together = nets.reduce((sum, net) => sum + net.weightBytes, 0) <= KEEP_ALL_BELOW_BYTES
  const resident = nets.map((net) => residentBytes(net, loaded.device))
  const peak = together
    ? resident.reduce((sum, net) => sum + net.weights, 0) + Math.max(...resident.map((net) => net.activations))
    : Math.max(...resident.map((net) => net.weights + net.activations))
  return BASE_BYTES + peak + pictureBytes * PICTURE_COPIES
}

/**
 * What a net keeps in memory and what it needs on top while it runs. Convolutions in the processor's blocked layout copy
 * their weights, and their inputs and results pass through a reordered copy: both count twice (measured on the starter
 * from 128 to 768 px: within 10 % of the peak; once, 41 % below it).
 */
function residentBytes({ work, weightBytes, peakActivationBytes }: GraphCost, device: DeviceName): { readonly weights: number; readonly activations: number } {
  const copies = work.conv > 0 && usesBlockedLayout(device, weightBytes) ? 2 : 1
  return { weights: copies * weightBytes, activations: copies * peakActivationBytes }
}

/** Bytes of a picture's samples in memory. */
export function decodedBytes({ width, height, channels, depth }: PictureHeader): number {
  return width * height * channels * (depth / 8)
}
