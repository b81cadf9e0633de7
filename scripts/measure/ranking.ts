/** How well a map of attention finds a mask. */

/**
 * Area under the ROC curve: the probability that a masked cell has a larger value than an unmasked one, ties counting half
 * (Mann and Whitney's U over the number of pairs). NaN when the mask is empty or full.
 */
export function areaUnderCurve(values: ArrayLike<number>, mask: ArrayLike<number>): number {
  const order = Array.from({ length: values.length }, (_, i) => i).sort((a, b) => values[a]! - values[b]!)
  let [rankSum, positives] = [0, 0]
  for (let from = 0; from < order.length; ) {
    let to = from
    while (to < order.length && values[order[to]!] === values[order[from]!]) to += 1
    const rank = (from + 1 + to) / 2 // the mean of ranks from + 1 to `to`
    for (let i = from; i < to; i++) {
      if (!mask[order[i]!]) continue
      rankSum += rank
      positives += 1
    }
    from = to
  }
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * (values.length - positives))
}

/** The pointing game: whether the largest value lies inside the mask. Of several largest the first counts. */
export function pointsInside(values: ArrayLike<number>, mask: ArrayLike<number>): boolean {
  let best = 0
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i
  return Boolean(mask[best])
}
