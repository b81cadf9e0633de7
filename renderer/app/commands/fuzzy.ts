/** Finding by some letters: all of them must occur in order; starts of words and runs of letters count more. */

/** How well letters fit a text, null when they do not; higher is better. */
export function fit(query: string, text: string): number | null {
  const letters = query.toLowerCase().replace(/\s+/g, '')
  const body = text.toLowerCase()
  let score = 0
  let at = -1
  for (const letter of letters) {
    const next = nextPlace(body, letter, at + 1)
    if (next < 0) return null
    score += next === at + 1 && at >= 0 ? 5 : next === 0 ? 6 : body[next - 1] === ' ' ? 4 : 1
    at = next
  }
  return score - body.length / 100
}

/** The next place of a letter: the start of a word within reach, else the nearest. */
function nextPlace(body: string, letter: string, from: number): number {
  if (body[from] === letter) return from
  const word = body.indexOf(` ${letter}`, from - 1)
  const plain = body.indexOf(letter, from)
  return word >= 0 && word - plain < 12 ? word + 1 : plain
}

/** Things whose names fit, best first; everything in its own order for an empty query. */
export function rank<T>(query: string, things: readonly T[], nameOf: (thing: T) => string): T[] {
  if (query.trim() === '') return [...things]
  return things
    .map((thing) => ({ thing, score: fit(query, nameOf(thing)) }))
    .filter((one): one is { thing: T; score: number } => one.score !== null)
    .toSorted((a, b) => b.score - a.score)
    .map(({ thing }) => thing)
}
