/** `models`: the list of checkpoints and what is known of them. */
import { badInput, throwIfCancelled } from '../errors.ts'
import type { Checkpoint } from '../families/checkpoint.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../nets/autoencoderKl.ts'
import { buildTinyDecoder, buildTinyEncoder } from '../nets/autoencoderTiny.ts'
import { buildClipText } from '../nets/clipText.ts'
import { buildClipVision } from '../nets/clipVision.ts'
import { buildProbe } from '../nets/probe.ts'
import { buildUNet2DCondition } from '../nets/unet2dCondition.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import type { RunContext } from './context.ts'

/** Lists, adds, verifies, shows or removes. */
export async function models(context: RunContext, request: RequestOf<'models'>): Promise<EngineResult> {
  const { store } = context
  if (request.action === 'list') return { models: await store.list() }
  const target = request.target
  if (target === undefined) {
    throw badInput('input/target', { thing: `models ${request.action}`, expected: request.action === 'add' ? 'the path of a checkpoint' : 'the id of a model', found: 'nothing' })
  }
  switch (request.action) {
    case 'add':
      return { added: await store.add(target, request.configDir === undefined ? {} : { configDir: request.configDir }) }
    case 'show':
      return { model: await store.show(target) }
    case 'remove':
      return { removed: await store.remove(target) }
    default:
      return {
        verified: await store.verify(target, {
          ...(context.signal ? { signal: context.signal } : {}),
          onProgress: ({ phase, done, total }) => {
            throwIfCancelled(context.signal)
            context.emit({ event: 'progress', phase: `verify ${phase}`, step: total === 0 ? 0 : Math.round((100 * done) / total), steps: 100 })
          },
          buildNets,
        }),
      }
  }
}

/** Builds every net's graph at a small size: each tensor's name and shape is compared with the configuration. */
function buildNets(checkpoint: Checkpoint): void {
  const side = 8
  const { unet, vae, tinyVae, textEncoder, imageEncoder, probe } = checkpoint.components
  if (unet) buildUNet2DCondition(unet.config, unet.weights, { batch: 1, height: side, width: side, fused: true })
  if (vae) {
    buildVaeEncoder(vae.config, vae.weights, { batch: 1, height: 8 * side, width: 8 * side })
    buildVaeDecoder(vae.config, vae.weights, { batch: 1, height: side, width: side })
  }
  if (tinyVae) {
    buildTinyEncoder(tinyVae.config, tinyVae.weights, { batch: 1, height: 8 * side, width: 8 * side })
    buildTinyDecoder(tinyVae.config, tinyVae.weights, { batch: 1, height: side, width: side })
  }
  if (textEncoder) buildClipText(textEncoder.config, textEncoder.weights, { batch: 1 })
  if (imageEncoder) buildClipVision(imageEncoder.config, imageEncoder.weights, { batch: 1 })
  if (probe) buildProbe(probe.config, probe.weights, { batch: 1 })
}
