/** A button that runs a command. */
import { Button, type ButtonProps } from '@mantine/core'
import { IconPoint } from '@tabler/icons-react'
import { IconButton, type IconButtonProps } from '../../ui/IconButton.tsx'
import { runCommand } from '../commands/registry.ts'
import { useCommand } from '../commands/useCommand.ts'

/** The command's icon with its name and key in the tooltip. */
export function CommandIcon({ id, icon, ...look }: { readonly id: string } & Partial<Pick<IconButtonProps, 'icon' | 'size' | 'position' | 'className' | 'variant'>>) {
  const { command, title, shortcut, aria, enabled, checked } = useCommand(id)
  const holds = command.release !== undefined
  return (
    <IconButton
      {...look} icon={icon ?? command.icon ?? IconPoint} label={title} shortcut={shortcut} aria={aria} disabled={!enabled} pressed={checked}
      {...(holds ? { onPointerDown: () => void runCommand(id), onPointerUp: () => command.release?.() } : { onClick: () => void runCommand(id) })}
    />
  )
}

/** The command as a button with its name. */
export function CommandButton({ id, label, ...look }: { readonly id: string; readonly label?: string } & ButtonProps) {
  const { command, title, enabled, aria } = useCommand(id)
  const Icon = command.icon
  return (
    <Button {...look} disabled={!enabled} {...(aria && { 'aria-keyshortcuts': aria })} leftSection={Icon && <Icon size="1rem" />} onClick={() => void runCommand(id)}>
      {label ?? title}
    </Button>
  )
}
