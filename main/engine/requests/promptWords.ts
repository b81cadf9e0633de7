/** `words`: how a model's tokenizer reads a prompt. Opens no net. */
import { z } from 'zod'

/** See the file's head. */
export const promptWordsSchema = z.object({
  task: z.literal('words'),
  prompt: z.string().max(20_000).describe('text to read'),
  model: z.string().min(1).describe('store id or path of the checkpoint'),
  longPrompt: z.enum(['truncate', 'chunk']).default('truncate').describe('prompts over 77 tokens: cut, or read in windows'),
})
