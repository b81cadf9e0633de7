/** The panels on the right: tabs, and the one that is open. */
import { Tabs } from '@mantine/core'
import { Suspense } from 'react'
import { layoutStore, showTab } from '../../stores/layoutStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { panels } from '../../panels/registry.ts'
import { PanelBoundary } from './PanelBoundary.tsx'

const tabs = panels.filter(({ place }) => place === 'tab')

/** See the file's head. `width` in CSS pixels at text zoom 1. */
export function RightSide({ width }: { readonly width: number }) {
  const wanted = useStore(layoutStore, (state) => state.tab)
  const tab = tabs.some(({ id }) => id === wanted) ? wanted : 'edit'
  return (
    <aside className="right" aria-label={t('shell.panels')} style={{ width: `${width / 16}rem` }}>
      <Tabs value={tab} onChange={(next) => next && showTab(next)} className="right-tabs">
        <Tabs.List grow>
          {tabs.map(({ id, title, icon: Icon }) => <Tabs.Tab key={id} value={id} leftSection={Icon && <Icon size="0.9375rem" />}>{t(title)}</Tabs.Tab>)}
        </Tabs.List>
        {tabs.map(({ id, component: Content }) => (
          <Tabs.Panel key={id} value={id} className="right-panel">
            <PanelBoundary key={id}><Suspense fallback={null}><Content /></Suspense></PanelBoundary>
          </Tabs.Panel>
        ))}
      </Tabs>
    </aside>
  )
}
