/** What an empty place says: what goes here, and the next step. */
import type { ComponentType, ReactNode } from 'react'

/** See the file's head. */
export function EmptyState({ icon: Icon, title, children }: { readonly icon?: ComponentType<{ size?: number | string; stroke?: number | string }>; readonly title: string; readonly children?: ReactNode }) {
  return (
    <div className="ui-empty">
      {Icon && <Icon size="1.75rem" stroke={1.2} />}
      <p>{title}</p>
      {children}
    </div>
  )
}
