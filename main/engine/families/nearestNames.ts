/** Orders known names by how near they are to a mistyped one. */

/** Edits (insert, delete, replace) that turn `a` into `b`; Levenshtein distance in one row of memory. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) next[j] = Math.min(next[j - 1]! + 1, row[j]! + 1, row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]!
}

/** `known`, nearest first; a name that begins with the typed one counts as nearly right. */
export function nearestNames(typed: string, known: readonly string[]): string[] {
  const word = typed.toLowerCase().slice(0, 100)
  const score = (name: string): number => (word.length > 1 && name.toLowerCase().startsWith(word) ? 0.5 : distance(word, name.toLowerCase()))
  return known.map((name) => ({ name, score: score(name) })).sort((a, b) => a.score - b.score || (a.name < b.name ? -1 : 1)).map(({ name }) => name)
}
