/** Patterns for file names: `*` and `?` within a name, `**` through folders; everything else stands for itself. */

/**
 * A pattern as a test on relative paths with forward slashes. Letters compare as they are; a file's name may hold
 * brackets and braces without meaning anything.
 * @param exact parts that stand for themselves, by the word in braces: `{name}`
 */
export function pathPattern(pattern: string, exact: Readonly<Record<string, string>> = {}): RegExp {
  const source = pattern.replaceAll('\\', '/').replace(/^\.\//, '').replace(/\*\*\/|\*\*|\*|\?|\{(\w+)\}|[^*?{]+|\{/g, (part, word: string | undefined) => {
    if (part === '**/') return '(?:[^/]+/)*'
    if (part === '**') return '.*'
    if (part === '*') return '[^/]*'
    if (part === '?') return '[^/]'
    const text = word !== undefined && word in exact ? exact[word]! : part
    return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
  })
  return new RegExp(`^${source}$`)
}
