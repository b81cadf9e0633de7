/** The Layers panel: pictures and groups, masks, and what can be done with them. */
import { CommandIcon } from '../../app/shell/CommandButton.tsx'
import { documentStore } from '../../stores/documentStore.ts'
import { layoutStore, toggleSection } from '../../stores/layoutStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { EmptyState } from '../../ui/EmptyState.tsx'
import { Section } from '../../ui/Section.tsx'
import { LayerSettings } from './LayerSettings.tsx'
import { LayerTree } from './LayerTree.tsx'
import { MaskTools } from './MaskTools.tsx'

/** See the file's head. */
export function LayersPanel() {
  const layers = useStore(documentStore, ({ document }) => document?.layers ?? null)
  const closed = useStore(layoutStore, (state) => state.closed)
  if (!layers) return <EmptyState title={t('layers.empty')} />
  const masks = layers.some(({ kind }) => kind === 'mask')
  return (
    <div className="panel">
      <LayerSettings />
      <div className="panel-scroll">
        <LayerTree masks={false} />
        <Section title={t('layers.masks')} open={!closed.includes('masks')} onToggle={() => toggleSection('masks')} aside={<CommandIcon id="mask.new" size={0.9375} />}>
          <p className="layers-legend">{masks ? t('layers.masks.about') : t('layers.masks.none')}</p>
          {masks && <LayerTree masks />}
          <MaskTools />
        </Section>
      </div>
      <div className="layers-foot" role="toolbar" aria-label={t('layers.pictures')}>
        {['layer.new', 'layer.group', 'layer.duplicate', 'layer.merge-down'].map((id) => <CommandIcon key={id} id={id} position="top" />)}
        <span className="status-gap" />
        <CommandIcon id="layer.delete" position="top" />
      </div>
    </div>
  )
}
