import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeEach, expect, it } from 'vitest'
import { FAMILIES } from '../../../../../main/engine/families/registry.ts'
import { clipDefaultTokenizer, readTokenizerFolder } from '../../../../../main/engine/families/tokenizerSource.ts'
import { writeJson } from '../../../../support/checkpointFolders.ts'

const folder = fs.mkdtempSync(path.join(fs.realpathSync(os.tmpdir()), 'tokenizer-'))
afterAll(() => fs.rmSync(folder, { recursive: true }))
let at = ''
let made = 0
beforeEach(() => { at = path.join(folder, String(made++)); fs.mkdirSync(at) })
const put = (name: string, value: unknown) => writeJson(path.join(at, name), value)

it('takes the pad token from special_tokens_map, else tokenizer_config, else tokenizer.json, else CLIP\'s default', () => {
  put('tokenizer.json', { padding: { pad_token: 'C' } })
  put('tokenizer_config.json', { pad_token: { content: 'B', lstrip: false } })
  put('special_tokens_map.json', { pad_token: 'A' })
  const seen: unknown[] = []
  for (const drop of ['special_tokens_map.json', 'tokenizer_config.json', 'tokenizer.json']) {
    seen.push(readTokenizerFolder(at)!.padToken)
    if (drop !== 'tokenizer.json') fs.rmSync(path.join(at, drop))
  }
  put('tokenizer.json', { padding: null })
  seen.push(readTokenizerFolder(at)!.padToken)
  expect(seen).toEqual([
    { token: 'A', source: 'special_tokens_map' }, { token: 'B', source: 'tokenizer_config' }, { token: 'C', source: 'tokenizer.json' }, { token: '<|endoftext|>', source: 'default' },
  ])
})

it('reads SD2\'s "!" and objects with content; a map without pad_token is passed over', () => {
  put('vocab.json', {})
  fs.writeFileSync(path.join(at, 'merges.txt'), '')
  put('tokenizer_config.json', { pad_token: '<|endoftext|>' })
  put('special_tokens_map.json', { pad_token: '!' })
  expect(readTokenizerFolder(at)).toMatchObject({ kind: 'vocab-merges', padToken: { token: '!', source: 'special_tokens_map' } })
  put('special_tokens_map.json', { bos_token: 'x', pad_token: { content: 'P' } })
  expect(readTokenizerFolder(at)!.padToken.token).toBe('P')
  put('special_tokens_map.json', { bos_token: 'x' })
  expect(readTokenizerFolder(at)!.padToken.source).toBe('tokenizer_config')
})

it.each([[77, 77], [64, 64], [1e30, 77], [500, 77], ['77', 77], [undefined, 77]])('model_max_length %s means %i', (written, expected) => {
  put('tokenizer.json', {})
  put('tokenizer_config.json', { model_max_length: written })
  expect(readTokenizerFolder(at, 77)!.modelMaxLength).toBe(expected)
})

it('prefers tokenizer.json, lists the files it found, refuses half a tokenizer', () => {
  put('vocab.json', {})
  expect(() => readTokenizerFolder(at)).toThrow(/expected tokenizer\.json, or vocab\.json and merges\.txt, found vocab\.json/)
  put('tokenizer.json', {})
  expect(readTokenizerFolder(at)).toMatchObject({ kind: 'tokenizer.json', files: { vocab: path.join(at, 'vocab.json'), tokenizerJson: path.join(at, 'tokenizer.json') } })
  expect(readTokenizerFolder(path.join(at, 'none'))).toBeUndefined()
  put('tokenizer_config.json', [1])
  expect(() => readTokenizerFolder(at)).toThrow(/a value that is not an object/)
})

it('single files get CLIP\'s vocabulary with the family\'s padding', () => {
  expect(clipDefaultTokenizer(FAMILIES.sd1).padToken).toEqual({ token: '<|endoftext|>', source: 'family' })
  expect(clipDefaultTokenizer(FAMILIES.sd2).padToken).toEqual({ token: '!', source: 'family' })
})
