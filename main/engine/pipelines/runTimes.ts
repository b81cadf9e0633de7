/** What the nets of one run took, gathered while it runs and told to the speed book when it has ended. */
import type { GraphCost } from '../graph/cost.ts'
import type { DeviceName } from '../runtime/session.ts'
import { othersShare, processorTimes } from './othersLoad.ts'
import type { SpeedBook } from './speed.ts'

interface Timed {
  /** a graph, or a first guess of the seconds */
  readonly of: GraphCost | number
  readonly seconds: number[]
}

/** See the file's head. */
export class RunTimes {
  readonly #timed = new Map<string, Timed>()
  #since = processorTimes()

  /** Forgets what was gathered: a run begins. */
  reset(): void {
    this.#timed.clear()
    this.#since = processorTimes()
  }

  /** One run of a graph, or of work that was guessed to take `of` seconds. `key` as the speed book knows it. */
  note(key: string, of: GraphCost | number, seconds: number): void {
    const timed = this.#timed.get(key)
    if (timed) timed.seconds.push(seconds)
    else this.#timed.set(key, { of, seconds: [seconds] })
  }

  /** Tells the book the median of each kind: a first run that warms up, or one that was interrupted, does not count. */
  async learn(book: SpeedBook, device: DeviceName): Promise<void> {
    const share = device === 'cpu' ? othersShare(this.#since, processorTimes()) : 0
    for (const [key, { of, seconds }] of this.#timed) {
      const middle = seconds.toSorted((a, b) => a - b)[Math.floor((seconds.length - 1) / 2)]!
      if (typeof of === 'number') await book.learnSeconds(key, of, device, middle, share)
      else await book.learn(key, of, device, middle, share)
    }
    this.reset()
    await book.save()
  }
}
