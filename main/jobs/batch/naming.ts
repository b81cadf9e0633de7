/** How results are called. */
import path from 'node:path'
import { badInput } from '../../engine/errors.ts'

/** What a name is made of. */
export interface NameParts {
  /** the picture's relative path */
  readonly key: string
  readonly template: string
  readonly suffix: string
  /** ending of the result without its dot; the picture's own when absent */
  readonly format?: string | undefined
  readonly recipe: string
  readonly seed: number | undefined
}

const KNOWN: readonly string[] = ['dir', 'name', 'suffix', 'ext', 'recipe', 'seed']

/**
 * The result's path relative to the folder of results, with forward slashes. A template without `{dir}` keeps the
 * picture's subfolder all the same, so that pictures of equal names do not meet.
 * @throws EngineError batch/name (exit 2): an unknown word in braces, a name that leads out of the folder, no ending
 */
export function resultName(parts: NameParts): string {
  const { dir, name, ext } = path.posix.parse(parts.key)
  const ending = parts.format ?? (ext.toLowerCase() === '.avif' ? 'png' : ext.slice(1))
  const words: Readonly<Record<string, string>> = {
    dir, name, suffix: parts.suffix, ext: ending, recipe: safeWord(parts.recipe), seed: parts.seed === undefined ? '' : String(parts.seed),
  }
  const filled = parts.template.replaceAll('\\', '/').replace(/\{(\w*)\}/g, (_, word: string) => {
    if (KNOWN.includes(word)) return words[word]!
    throw badInput('batch/name', { thing: `--name "${parts.template}"`, expected: `only ${KNOWN.map((known) => `{${known}}`).join(', ')} in braces`, found: `{${word}}` })
  })
  const whole = path.posix.normalize(parts.template.includes('{dir}') || dir === '' ? filled : `${dir}/${filled}`).replace(/^\/+/, '')
  if (whole.split('/').includes('..')) throw badInput('batch/name', { thing: `--name "${parts.template}"`, expected: 'a name inside the folder of results', found: whole })
  if (!/\.(png|jpe?g|webp|tiff?)$/i.test(whole)) throw badInput('batch/name', { thing: `--name "${parts.template}"`, expected: 'a name that ends in .png, .jpg, .webp or .tif', found: `"${whole}"`, todo: 'end it with .{ext}' })
  return whole
}

/** `cat.png`, `cat-1.png`, `cat-2.png` ...: the first that is free. */
export function freeName(name: string, taken: (name: string) => boolean): string {
  const { dir, name: base, ext } = path.posix.parse(name)
  for (let number = 0; ; number += 1) {
    const candidate = number === 0 ? name : path.posix.join(dir, `${base}-${number}${ext}`)
    if (!taken(candidate)) return candidate
  }
}

function safeWord(text: string): string {
  return text.replaceAll(/[^\p{L}\p{N}._-]+/gu, '-').replaceAll(/^[-.]+|[-.]+$/g, '').slice(0, 60) || 'recipe'
}
