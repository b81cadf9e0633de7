/** A button that is an icon, with a tooltip that tells its name and its key. */
import { ActionIcon, type ActionIconProps, Kbd, Tooltip, type TooltipProps } from '@mantine/core'
import type { ComponentPropsWithRef, ComponentType } from 'react'

type Native = Omit<ComponentPropsWithRef<'button'>, 'children' | 'color' | 'style' | 'disabled' | 'className'>

/** See {@link IconButton}. `shortcut` as a person reads it; `aria` as ARIA writes it. `size` of the icon in rem. */
export type IconButtonProps = Native & {
  readonly icon: ComponentType<{ size?: number | string; stroke?: number | string }>
  readonly label: string
  readonly shortcut?: string | undefined
  readonly aria?: string | undefined
  readonly pressed?: boolean | undefined
  readonly disabled?: boolean | undefined
  readonly size?: number
  readonly position?: TooltipProps['position']
  readonly className?: string
  readonly variant?: ActionIconProps['variant']
}

/** See the file's head. A disabled button keeps its tooltip, so that its name can still be learnt. Menus can hang on it. */
export function IconButton({ icon: Icon, label, shortcut, aria, pressed, disabled = false, size = 1.0625, position = 'bottom', className = '', variant, onClick, ...rest }: IconButtonProps) {
  const tip = shortcut ? <span className="ui-tip">{label}<Kbd>{shortcut}</Kbd></span> : label
  return (
    <Tooltip label={tip} position={position}>
      <ActionIcon
        {...rest}
        {...(variant && { variant })}
        className={`ui-icon ${className}`}
        aria-label={label}
        aria-disabled={disabled}
        {...(pressed !== undefined && { 'aria-pressed': pressed })}
        {...(aria && { 'aria-keyshortcuts': aria })}
        {...(disabled && { 'data-disabled': true })}
        onClick={(event) => (disabled ? event.preventDefault() : onClick?.(event))}
      >
        <Icon size={`${size}rem`} stroke={1.6} />
      </ActionIcon>
    </Tooltip>
  )
}
