/** Ctrl-C and its like: the first asks to stop, the second ends at once; a reader or bootstrap that has gone ends as well. */

/** npm and the bootstrap pass on a signal that the terminal has already sent us: one press can arrive three times. */
const SAME_PRESS_MS = 400
const BOOTSTRAP_CHECK_MS = 1000
/** An engine that has been killed is gone within milliseconds, unless the system itself is stuck. */
const LAST_RESORT_MS = 1000

/** Ends this process soon, whatever still runs in it, with the code of a cancelled run. */
export function endSoon(): void {
  setTimeout(() => process.exit(130), LAST_RESORT_MS).unref()
}

/**
 * Watches for signals, for a reader of our output that has gone, and for a bootstrap that has gone.
 * @param cancel the first press
 * @param endNow the second, or nobody is left to work for
 * @returns stops watching
 */
export function watchInterrupts(cancel: () => void, endNow: () => void): () => void {
  let pressedAt: number | undefined
  const press = (): void => {
    const now = performance.now()
    if (pressedAt === undefined) {
      pressedAt = now
      cancel()
    } else if (now - pressedAt > SAME_PRESS_MS) endNow()
  }
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
  for (const signal of signals) process.on(signal, press)
  // Left on: after `| head` has gone every further line would raise it again.
  process.stdout.removeAllListeners('error').on('error', (error: Error) => {
    if (!('code' in error) || error.code !== 'EPIPE') throw error
    endNow()
  })
  const bootstrap = watchBootstrap(endNow)
  return () => {
    for (const signal of signals) process.off(signal, press)
    clearInterval(bootstrap)
  }
}

/** A bootstrap that is killed cannot pass it on; but then our parent's number is no longer the one it gave us. */
function watchBootstrap(gone: () => void): NodeJS.Timeout | undefined {
  const bootstrap = Number(process.env['PALIMPSEST_BOOTSTRAP_PID'])
  if (!bootstrap || process.ppid !== bootstrap) return undefined
  return setInterval(() => {
    if (process.ppid !== bootstrap) gone()
  }, BOOTSTRAP_CHECK_MS).unref()
}
