/** Checks that a configuration and its tensors speak of the same net, before a graph is built from both. */
import { type EngineError, badInput } from '../errors.ts'
import type { CheckpointKind, Component, ComponentName } from './checkpoint.ts'

/** `config[key]` must equal axis `axis` of a tensor's shape; list values compare their first element. */
interface ShapeRule { readonly key: string; readonly tensor: string; readonly axis: number }

const RULES: Readonly<Partial<Record<ComponentName, readonly ShapeRule[]>>> = {
  unet: [
    { key: 'in_channels', tensor: 'conv_in.weight', axis: 1 },
    { key: 'out_channels', tensor: 'conv_out.weight', axis: 0 },
    { key: 'block_out_channels', tensor: 'conv_in.weight', axis: 0 },
    { key: 'cross_attention_dim', tensor: 'mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight', axis: 1 },
  ],
  vae: [
    { key: 'latent_channels', tensor: 'decoder.conv_in.weight', axis: 1 },
    { key: 'block_out_channels', tensor: 'encoder.conv_in.weight', axis: 0 },
  ],
  textEncoder: [
    { key: 'hidden_size', tensor: 'text_model.embeddings.token_embedding.weight', axis: 1 },
    { key: 'vocab_size', tensor: 'text_model.embeddings.token_embedding.weight', axis: 0 },
    { key: 'max_position_embeddings', tensor: 'text_model.embeddings.position_embedding.weight', axis: 0 },
    { key: 'intermediate_size', tensor: 'text_model.encoder.layers.0.mlp.fc1.weight', axis: 0 },
  ],
}

/**
 * Compares the numbers of a configuration with the shapes of the tensors they describe.
 * @throws EngineError checkpoint/shape (exit 2)
 */
export function checkShapes(component: Component): void {
  for (const { key, tensor, axis } of RULES[component.name] ?? []) {
    const written = component.config[key]
    const value = Array.isArray(written) ? (written[0] as unknown) : written
    const entry = component.weights.entries.get(tensor)
    const size = entry?.shape[axis]
    if (entry === undefined || size === undefined || typeof value !== 'number' || value === size) continue
    throw badInput('checkpoint/shape', {
      thing: entry.file,
      expected: `${key} ${value} as the configuration says, so that axis ${axis} of ${tensor} is ${value}`,
      found: `shape [${entry.shape.join(', ')}]`,
      todo: 'configuration and weights belong to different models, so fetch both again',
    })
  }
}

/**
 * What a UNet is for, from its channels: the noisy latents alone; with a mask and a masked picture; with a
 * picture to follow an instruction on.
 * @throws EngineError checkpoint/unsupported (exit 2) for depth models, upscalers and the like
 */
export function kindOfUnet(unet: Component): CheckpointKind {
  const input = Number(unet.config['in_channels'] ?? 4)
  const output = Number(unet.config['out_channels'] ?? 4)
  if (input === output) return 'text-to-image'
  if (input === 2 * output + 1) return 'inpaint'
  if (input === 2 * output) return 'instruct'
  const what = input === output + 1 ? ' (a depth-guided model)' : input === output + 3 ? ' (an upscaler)' : ''
  throw badInput('checkpoint/unsupported', {
    thing: unet.weights.root,
    expected: `a UNet with ${output}, ${2 * output} or ${2 * output + 1} input channels`,
    found: `${input}${what}`,
    todo: 'choose another checkpoint',
    details: { kind: 'unet-inputs' },
  })
}

/**
 * Whether the parts of a checkpoint fit each other: text states to the UNet, latents to the VAE. Each part works
 * on its own all the same, so opening only notes it; sampling throws what is returned here.
 * @returns the error checkpoint/parts (exit 2), or undefined when they fit
 */
export function partsMisfit(parts: Readonly<Partial<Record<ComponentName, Component>>>): EngineError | undefined {
  const pairs: readonly (readonly [ComponentName, string, ComponentName, string])[] = [
    ['unet', 'cross_attention_dim', 'textEncoder', 'hidden_size'],
    ['unet', 'out_channels', 'vae', 'latent_channels'],
  ]
  for (const [first, firstKey, second, secondKey] of pairs) {
    const [a, b] = [parts[first], parts[second]]
    const [x, y] = [a?.config[firstKey], b?.config[secondKey]]
    if (a === undefined || b === undefined || typeof x !== 'number' || typeof y !== 'number' || x === y) continue
    return badInput('checkpoint/parts', {
      thing: b.weights.root, expected: `${secondKey} ${x}, as the ${first}'s ${firstKey}`, found: `${y}`, todo: 'the parts belong to different models',
    })
  }
  return undefined
}
