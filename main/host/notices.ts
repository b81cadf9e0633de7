/** Things a person should know: told as events, the sticky ones again to every window that opens. */
import { randomBytes } from 'node:crypto'
import type { Notice } from '../../preload/contract/app.ts'

/** What a notice is made of; `key` names a condition that can end. */
export interface NoticeDraft extends Pick<Notice, 'level' | 'message'>, Partial<Pick<Notice, 'action' | 'error'>> {
  /** the notice stays until {@link Notices.over} is told this key */
  readonly key?: string
}

/** Sends notices and remembers those that are not over. */
export class Notices {
  readonly #emit: (notice: Notice) => void
  readonly #standing = new Map<string, Notice>()

  constructor(emit: (notice: Notice) => void) {
    this.#emit = emit
  }

  /** Tells something; a condition that is already told is not told twice. */
  tell({ key, ...draft }: NoticeDraft): void {
    if (key !== undefined && this.#standing.get(key)?.message === draft.message) return
    const id = (key !== undefined && this.#standing.get(key)?.id) || `note-${randomBytes(6).toString('hex')}`
    const notice: Notice = { id, sticky: key !== undefined, over: false, ...draft }
    if (key !== undefined) this.#standing.set(key, notice)
    this.#emit(notice)
  }

  /** The condition of this key has ended. */
  over(key: string): void {
    const notice = this.#standing.get(key)
    if (!notice) return
    this.#standing.delete(key)
    this.#emit({ ...notice, over: true })
  }

  /** Notices whose condition goes on. */
  standing(): Notice[] {
    return [...this.#standing.values()]
  }
}
