/** Files the system asks to open: arguments of this start or of a second one, and macOS's open-file. */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * Paths among a program's arguments, which a file manager of Linux writes as `file:` addresses. Everything that starts
 * with "-" is an option; what does not exist is left out, since Chromium and the system add words of their own.
 * @param skip how many arguments are the program itself: 1 when packaged, 2 as `electron main.mjs`
 */
export function pathsAmong(args: readonly string[], folder: string, skip: number): string[] {
  return args.slice(skip).filter((arg) => !arg.startsWith('-')).flatMap((arg) => {
    const file = pathOf(arg, folder)
    return fs.existsSync(file) ? [file] : []
  })
}

function pathOf(arg: string, folder: string): string {
  if (!/^file:\/\//i.test(arg)) return path.resolve(folder, arg)
  try {
    return fileURLToPath(arg)
  } catch {
    return arg // of another machine, or no address at all: nothing is there of this name
  }
}

/** Keeps paths until the window can take them, then hands them over as they come. */
export class OpeningQueue {
  #waiting: string[] = []
  #take: ((paths: readonly string[]) => void) | undefined

  /** Adds paths that are to be opened. */
  add(paths: readonly string[]): void {
    if (paths.length === 0) return
    if (this.#take) this.#take(paths)
    else this.#waiting.push(...paths)
  }

  /** The window is there: gives it what has waited, and what comes. */
  connect(take: (paths: readonly string[]) => void): void {
    this.#take = take
    this.add(this.#waiting.splice(0))
  }

  /** The window has gone. */
  disconnect(): void {
    this.#take = undefined
  }
}
