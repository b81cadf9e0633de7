/** A panel that takes the place of the canvas: models, batch. */
import { Button } from '@mantine/core'
import { IconArrowLeft } from '@tabler/icons-react'
import { Suspense } from 'react'
import { panelById } from '../../panels/registry.ts'
import { closePanel } from '../../stores/layoutStore.ts'
import { t } from '../../strings/t.ts'
import { PanelBoundary } from './PanelBoundary.tsx'

/** See the file's head. Nothing for an id that is no panel. */
export function Screen({ id }: { readonly id: string }) {
  const panel = panelById(id)
  if (!panel) return null
  const { component: Content, title } = panel
  return (
    <main className="screen" aria-label={t(title)}>
      <div className="screen-head">
        <Button variant="subtle" color="gray" leftSection={<IconArrowLeft size="1rem" />} onClick={() => closePanel('screen')}>{t('common.back')}</Button>
        <h1>{t(title)}</h1>
      </div>
      <div className="screen-body"><PanelBoundary><Suspense fallback={null}><Content /></Suspense></PanelBoundary></div>
    </main>
  )
}
