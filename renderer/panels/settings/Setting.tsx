/** A setting: its name, its control, and below a line that says what it does. */
import type { ReactNode } from 'react'
import { Field } from '../../ui/Field.tsx'

/** See the file's head. The control carries its own aria-label. */
export function Setting({ label, hint, children }: { readonly label: string; readonly hint?: string; readonly children: ReactNode }) {
  return (
    <div className="settings-row">
      <Field label={label}>{children}</Field>
      {hint !== undefined && <p className="settings-hint">{hint}</p>}
    </div>
  )
}
