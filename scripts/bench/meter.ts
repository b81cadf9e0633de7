/** What the benchmarks of the window share: a meter of frames in the page, shares of sorted times, tables. */

/**
 * In the page: time from an event's own stamp to the end of the frame that shows it, as `meter.take()`. A task queued from
 * the frame's callbacks can only run once the frame has been painted.
 */
export const METER = `(() => {
  const times = []
  let waiting = []
  const { port1, port2 } = new MessageChannel()
  port1.onmessage = () => {
    const now = performance.now()
    for (const stamp of waiting) times.push(now - stamp)
    waiting = []
  }
  const heard = (event) => {
    waiting.push(event.timeStamp)
    if (waiting.length === 1) requestAnimationFrame(() => port2.postMessage(0))
  }
  for (const name of ['pointerdown', 'pointermove', 'pointerup', 'wheel', 'scroll']) window.addEventListener(name, heard, { capture: true, passive: true })
  window.meter = { take: () => times.splice(0) }
})()`

/** The value at a share of sorted times; NaN without any. */
export function at(times: readonly number[], share: number): number {
  const sorted = [...times].sort((one, other) => one - other)
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN
}

/** Prints rows in columns, the first to the left, the others to the right. */
export function table(head: readonly string[], rows: readonly string[][]): void {
  const widths = head.map((name, i) => Math.max(name.length, ...rows.map((one) => one[i]!.length)))
  const line = (cells: readonly string[]): string => cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  ')
  console.log([line(head), widths.map((width) => '-'.repeat(width)).join('  '), ...rows.map(line), ''].join('\n'))
}
