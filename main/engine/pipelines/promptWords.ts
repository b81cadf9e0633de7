/** `words`: the words of a prompt as the model's tokenizer reads them, and those that its vocabulary lacks. Opens no net. */
import { vocabularyOf } from '../families/modelStore.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { loadClipTokenizer, type ClipTokenizer } from '../text/clipTokenizer.ts'
import { plainPrompt } from '../text/promptWeights.ts'
import { layOutPrompt } from '../text/promptWindows.ts'
import { alignWords } from '../text/wordAlignment.ts'
import type { RunContext } from './context.ts'

/** Loading one takes longer than everything else here. */
const tokenizers = new Map<string, Promise<ClipTokenizer>>()

/**
 * Tells each word: `text` as written, `word` without punctuation, `tokens` it became, `known` where the model lists its
 * vocabulary (else null); and `lost`, the words that do not fit.
 */
export async function promptWords(context: RunContext, request: RequestOf<'words'>): Promise<EngineResult> {
  const checkpoint = await context.store.open(request.model)
  const key = `${checkpoint.path} ${checkpoint.hash}`
  const loading = tokenizers.get(key) ?? loadClipTokenizer(checkpoint.tokenizer)
  tokenizers.set(key, loading)
  const tokenizer = await loading
  const vocabulary = vocabularyOf(checkpoint)
  const known = vocabulary && new Set(vocabulary.map((word) => word.toLowerCase()))
  const chips = alignWords(tokenizer, plainPrompt(request.prompt)).map(({ word: text, positions }) => {
    const word = text.replace(/^[^\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}]+$/gu, '')
    return { text, word, known: known && word !== '' ? known.has(word.toLowerCase()) : null, tokens: positions.length }
  })
  const { lostWords, tokenCount } = layOutPrompt(tokenizer, request.prompt, request.longPrompt)
  return { model: checkpoint.id, chips, lost: lostWords, tokens: tokenCount, limit: tokenizer.maxLength - 2 }
}
