/** The whole window: providers around the shell. */
import { MantineProvider } from '@mantine/core'
import { Notifications } from '@mantine/notifications'
import { useEffect, useMemo } from 'react'
import { panels } from '../panels/registry.ts'
import { sessionStore } from '../stores/sessionStore.ts'
import { useStore } from '../stores/useStore.ts'
import { SlotsContext } from '../ui/slots.tsx'
import { useShortcuts } from './commands/useShortcuts.ts'
import { Shell } from './shell/Shell.tsx'
import { cssVariables, theme } from './theme.ts'
import { useSystemMenu } from './useSystemMenu.ts'

const SCHEMES = { system: 'auto', light: 'light', dark: 'dark' } as const

/** See the file's head. */
export function App() {
  const { theme: scheme, textZoom, reducedMotion } = useStore(sessionStore, ({ settings }) => settings)
  const slots = useMemo(() => new Map(panels.filter(({ place }) => place === 'slot').map(({ id, component }) => [id, component])), [])
  useEffect(() => {
    document.documentElement.style.fontSize = `${16 * textZoom}px`
    document.documentElement.dataset['motion'] = reducedMotion
  }, [textZoom, reducedMotion])
  useShortcuts()
  useSystemMenu()
  const forced = SCHEMES[scheme]
  return (
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} defaultColorScheme={forced} {...(forced !== 'auto' && { forceColorScheme: forced })}>
      <SlotsContext value={slots}>
        <Notifications position="bottom-right" containerWidth={360} limit={4} />
        <Shell />
      </SlotsContext>
    </MantineProvider>
  )
}
