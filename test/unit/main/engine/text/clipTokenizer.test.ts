import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { ClipTokenizer, TokenizerFiles } from '../../../../../main/engine/text/clipTokenizer.ts'
import { clipDefault, loadClipTokenizer } from '../../../../../main/engine/text/clipTokenizer.ts'

interface Case { text: string; ids: number[]; window: number[] | null }

const fixtures = fileURLToPath(new URL('../../../../fixtures/text/', import.meta.url))
const read = <T>(name: string): T => JSON.parse(readFileSync(path.join(fixtures, name), 'utf8')) as T
const show = (text: string): string => JSON.stringify(text.length > 50 ? `${text.slice(0, 50)}...` : text)

describe('CLIP’s own vocabulary', () => {
  const golden = read<{ count: number; cases: Case[]; paddedWithExclamation: number[] }>('clip_ids.json')
  let clip: ClipTokenizer
  beforeAll(async () => {
    clip = await loadClipTokenizer(clipDefault)
  })

  test('a window: begin, content, end', () => {
    const window = clip.encodeWindow('this is a test string of text')
    expect(window.slice(0, 9)).toEqual([49406, 589, 533, 320, 1628, 9696, 539, 4160, 49407])
    expect(window).toHaveLength(77)
    expect(new Set(window.slice(9))).toEqual(new Set([49407]))
  })

  test('special ids', () => {
    expect([clip.beginId, clip.endId, clip.padId]).toEqual([golden.count - 2, golden.count - 1, golden.count - 1])
  })

  test.each(golden.cases.map((item) => [show(item.text), item] as const))('%s', (_, { text, ids, window }) => {
    expect(clip.encode(text).ids).toEqual(ids)
    if (window) expect(clip.encodeWindow(text)).toEqual(window)
  })

  test('padding with another token', async () => {
    const exclamation = await loadClipTokenizer({ ...clipDefault, padToken: { token: '!' } })
    expect(exclamation.encodeWindow('wow! a cat!!')).toEqual(golden.paddedWithExclamation)
    expect(exclamation.padId).toBe(0)
  })
})

describe('a checkpoint’s own tokenizer', () => {
  const { cases } = read<{ cases: Case[] }>('small/ids.json')
  const file = (name: string): string => path.join(fixtures, 'small', name)
  const base = { padToken: { token: '!' }, modelMaxLength: 77 }
  const forms: Record<string, TokenizerFiles> = {
    'tokenizer.json': { ...base, kind: 'tokenizer.json', files: { tokenizerJson: file('tokenizer.json'), tokenizerConfig: file('tokenizer_config.json') } },
    'tokenizer.json alone': { ...base, kind: 'tokenizer.json', files: { tokenizerJson: file('tokenizer.json') } },
    'vocab and merges': { ...base, kind: 'vocab-merges', files: { vocab: file('vocab.json'), merges: file('merges.txt') } },
  }

  test.each(Object.entries(forms))('%s gives transformers’ ids', async (_, source) => {
    const tokenizer = await loadClipTokenizer(source)
    const vocab = read<Record<string, number>>('small/vocab.json')
    expect([tokenizer.beginId, tokenizer.endId, tokenizer.padId]).toEqual([vocab['<|startoftext|>'], vocab['<|endoftext|>'], vocab['!']])
    for (const { text, ids, window } of cases) {
      expect(tokenizer.encode(text).ids, show(text)).toEqual(ids)
      if (window) expect(tokenizer.encodeWindow(text), show(text)).toEqual(window)
    }
  })

  describe('files that are not what they should be', () => {
    let folder: string
    beforeAll(() => {
      folder = mkdtempSync(path.join(os.tmpdir(), 'tokenizer-'))
    })
    afterAll(() => rmSync(folder, { recursive: true }))
    const put = (name: string, text: string): string => {
      writeFileSync(path.join(folder, name), text)
      return path.join(folder, name)
    }

    test('each is named, in a sentence', async () => {
      const attempt = (source: Partial<TokenizerFiles>): Promise<unknown> => loadClipTokenizer({ ...base, kind: 'tokenizer.json', files: {}, ...source })
      await expect(attempt({ files: { tokenizerJson: path.join(folder, 'absent.json') } })).rejects.toThrow(/absent\.json: expected a readable JSON file/)
      await expect(attempt({ files: { tokenizerJson: put('torn.json', '{"a": ') } })).rejects.toThrow(/torn\.json/)
      await expect(attempt({ files: { tokenizerJson: put('list.json', '[1]') } })).rejects.toThrow(/list\.json: expected a JSON object/)
      await expect(attempt({ files: { tokenizerJson: put('other.json', '{"x": 1}') } })).rejects.toThrow(/other\.json: expected a tokenizer/)
      const merges = put('merges.txt', '#version: 0.2\na b\nlonely\n')
      await expect(attempt({ kind: 'vocab-merges', files: { vocab: file('vocab.json'), merges } })).rejects.toThrow(/merges\.txt: expected two tokens/)
      const vocab = put('vocab.json', '{"a": "one"}')
      await expect(attempt({ kind: 'vocab-merges', files: { vocab, merges: file('merges.txt') } })).rejects.toThrow(/vocab\.json/)
    })

    test('a padding token that the vocabulary lacks', async () => {
      const source = { ...forms['vocab and merges'], padToken: { token: '<pad>' } }
      await expect(loadClipTokenizer(source)).rejects.toThrow(/padding token "<pad>"/)
    })
  })
})
