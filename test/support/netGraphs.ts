/** Which net each fixture of test/fixtures/nets is, and how its cases become graphs. */
import type { Graph } from '../../main/engine/graph/graph.ts'
import { buildVaeDecoder, buildVaeEncoder } from '../../main/engine/nets/autoencoderKl.ts'
import { buildTinyDecoder, buildTinyEncoder } from '../../main/engine/nets/autoencoderTiny.ts'
import { buildClipText } from '../../main/engine/nets/clipText.ts'
import { buildClipVision } from '../../main/engine/nets/clipVision.ts'
import { buildUNet2DCondition } from '../../main/engine/nets/unet2dCondition.ts'
import type { NetCase, NetFixture } from './netFixtures.ts'

export type BuildCase = (fixture: NetFixture, one: NetCase, fused: boolean) => Graph

const unet: BuildCase = ({ config, weights }, { spec }, fused) =>
  buildUNet2DCondition(config, weights, { batch: spec.batch!, height: spec.height!, width: spec.width!, tokens: spec.tokens!, fused })

const autoencoder =
  (encoder: typeof buildVaeEncoder, decoder: typeof buildVaeDecoder): BuildCase =>
  ({ config, weights }, { label, spec }, fused) => {
    const [batch, height, width, factor] = [spec.batch!, spec.height!, spec.width!, spec.factor!]
    return label.startsWith('encode')
      ? encoder(config, weights, { batch, height: height * factor, width: width * factor, fused })
      : decoder(config, weights, { batch, height, width, fused })
  }

const text: BuildCase = ({ config, weights }, { spec }, fused) => buildClipText(config, weights, { batch: spec.batch!, clipSkip: spec.clipSkip!, fused })
const vision: BuildCase = ({ config, weights }, { spec }, fused) => buildClipVision(config, weights, { batch: spec.batch!, fused })

export const GRAPH_BUILDERS: Readonly<Record<string, BuildCase>> = {
  'unet-sd1': unet,
  'unet-sd2': unet,
  'unet-inpaint': unet,
  'unet-instruct': unet,
  'unet-lcm': unet,
  'unet-wide': unet,
  'unet-plain': unet,
  'unet-attentionless-mid': unet,
  'vae-kl': autoencoder(buildVaeEncoder, buildVaeDecoder),
  'vae-kl-bare': autoencoder(buildVaeEncoder, buildVaeDecoder),
  'vae-tiny': autoencoder(buildTinyEncoder, buildTinyDecoder),
  'clip-text-sd1': text,
  'clip-text-sd2': text,
  'clip-text-projection': text,
  'clip-vision': vision,
}
