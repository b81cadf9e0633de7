/** Finds what a person most likely meant when a name is unknown. */

/**
 * Number of single-letter insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`
 * (optimal string alignment distance).
 */
export function editDistance(a: string, b: string): number {
  const rows: number[][] = [Array.from({ length: b.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i]
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      row[j] = Math.min(rows[i - 1][j] + 1, row[j - 1] + 1, rows[i - 1][j - 1] + (same ? 0 : 1), swapped ? rows[i - 2][j - 2] + 1 : Infinity)
    }
    rows.push(row)
  }
  return rows[a.length][b.length]
}

/** `known` with the names nearest to `word` first; a name that starts with the word counts as near. */
export function nearestFirst(word: string, known: readonly string[]): string[] {
  const lower = word.toLowerCase()
  const score = (name: string): number => {
    const other = name.toLowerCase()
    return other.startsWith(lower) && lower.length > 1 ? 0.5 : editDistance(lower, other)
  }
  return known
    .map((name, place) => ({ name, place, score: score(name) }))
    .sort((a, b) => a.score - b.score || a.place - b.place)
    .map(({ name }) => name)
}

/** The one name that was probably meant, or undefined when none is near enough to be worth a question. */
export function likelyMeant(word: string, known: readonly string[]): string | undefined {
  const best = nearestFirst(word, known)[0]
  if (best === undefined) return undefined
  const isStart = word.length > 1 && best.toLowerCase().startsWith(word.toLowerCase())
  const allowed = Math.max(1, Math.floor(Math.max(word.length, best.length) * 0.4))
  return isStart || editDistance(word.toLowerCase(), best.toLowerCase()) <= allowed ? best : undefined
}
