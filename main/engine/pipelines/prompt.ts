/** Prompts to text states: windows of tokens, weights, and the warning about words that do not fit. */
import { loadClipTokenizer, type ClipTokenizer } from '../text/clipTokenizer.ts'
import { applyTokenWeights } from '../text/promptWeights.ts'
import { describeLostWords, layOutPrompt, padWindows } from '../text/promptWindows.ts'
import type { PromptEmbeds } from '../tensor/tensor.ts'
import { warn, type RunContext } from './context.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'

/** How prompts are read. */
export interface PromptOptions {
  readonly clipSkip: number
  readonly longPrompt: 'truncate' | 'chunk'
}

const tokenizers = new WeakMap<object, Promise<ClipTokenizer>>()

/** The checkpoint's tokenizer, loaded once. */
export function tokenizerOf(loaded: LoadedCheckpoint): Promise<ClipTokenizer> {
  const key = loaded.checkpoint
  let tokenizer = tokenizers.get(key)
  if (!tokenizer) {
    tokenizer = loadClipTokenizer(key.tokenizer)
    tokenizers.set(key, tokenizer)
  }
  return tokenizer
}

/** Windows that the longest of the prompts takes: the number that all their states get. */
export function windowCount(tokenizer: ClipTokenizer, prompts: readonly string[], longPrompt: PromptOptions['longPrompt']): number {
  return Math.max(...prompts.map((prompt) => layOutPrompt(tokenizer, prompt, longPrompt).windows.length))
}

/** Text states of each prompt [1, 77 * windows, features], all padded to the same number of windows. */
export async function encodePrompt(context: RunContext, loaded: LoadedCheckpoint, prompts: readonly string[], options: PromptOptions): Promise<PromptEmbeds[]> {
  const tokenizer = await tokenizerOf(loaded)
  const layouts = prompts.map((prompt) => layOutPrompt(tokenizer, prompt, options.longPrompt))
  for (const layout of layouts) {
    const lost = describeLostWords(layout, tokenizer.maxLength - 2)
    if (lost) warn(context, 'prompt/too-long', lost)
  }
  const count = Math.max(...layouts.map((layout) => layout.windows.length))
  const states: PromptEmbeds[] = []
  for (const layout of layouts) {
    const windows = padWindows(tokenizer, layout.windows, count)
    const encoded = await loaded.encodeTokens(windows.map((window) => BigInt64Array.from(window.ids, BigInt)), options.clipSkip)
    states.push(joinTokens(encoded.map((part, i) => applyTokenWeights(part, windows[i]!.weights))))
  }
  return states
}

/** Joins [1,77,C] windows along the token axis. */
function joinTokens(parts: readonly PromptEmbeds[]): PromptEmbeds {
  if (parts.length === 1) return parts[0]!
  const features = parts[0]!.dims[2]!
  const tokens = parts.reduce((sum, part) => sum + part.dims[1]!, 0)
  const data = new Float32Array(tokens * features)
  let at = 0
  for (const part of parts) {
    data.set(part.data, at)
    at += part.data.length
  }
  return { data, dims: [1, tokens, features] }
}
