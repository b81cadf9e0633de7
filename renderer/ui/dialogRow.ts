/** A row of a table of dialogs. */
import type { ComponentType } from 'react'

/** `size` is the width in rem; the component gets what the dialog was opened with and how to close it. */
export type DialogRow<D> = {
  readonly title: (dialog: D) => string
  readonly size: number
  readonly component: ComponentType<{ readonly dialog: D; readonly close: () => void }>
}
