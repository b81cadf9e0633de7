/** Doing what may fail from a click: the error becomes the one plain dialog. */
import { tellProblem } from '../../stores/dialogStore.ts'
import { t } from '../../strings/t.ts'

/** Waits for work; what it throws is told. */
export function attempt(work: Promise<unknown>): void {
  work.catch((error: unknown) => tellProblem(error, t('error.title')))
}
