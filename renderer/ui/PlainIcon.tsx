/** An icon button for long lists: as light as a button can be, its name in the title instead of in a tooltip. */
import type { ComponentPropsWithRef, ComponentType } from 'react'

/** See the file's head. `size` of the icon in rem. */
export function PlainIcon({ icon: Icon, label, size = 0.9375, className = '', ...rest }: { readonly icon: ComponentType<{ size?: number | string; stroke?: number | string }>; readonly label: string; readonly size?: number } & Omit<ComponentPropsWithRef<'button'>, 'children'>) {
  return (
    <button type="button" {...rest} aria-label={label} title={label} className={`ui-icon ui-plain ${className}`}>
      <Icon size={`${size}rem`} stroke={1.6} />
    </button>
  )
}
