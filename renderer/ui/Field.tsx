/** A name and its control in one line. */
import type { ReactNode } from 'react'

/** See the file's head. The control carries its own aria-label, or `htmlFor` names it. */
export function Field({ label, htmlFor, children }: { readonly label: string; readonly htmlFor?: string; readonly children: ReactNode }) {
  return (
    <div className="ui-field">
      {htmlFor ? <label className="ui-label" htmlFor={htmlFor}>{label}</label> : <span className="ui-label" aria-hidden>{label}</span>}
      <div className="ui-field-control">{children}</div>
    </div>
  )
}
