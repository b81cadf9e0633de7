/** Models: what is here on the left, how to get more on the right. */
import { ScrollArea } from '@mantine/core'
import { useEffect } from 'react'
import { layoutStore } from '../../stores/layoutStore.ts'
import { modelsStore } from '../../stores/modelsStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { AddModels } from './AddModels.tsx'
import { Catalogue } from './Catalogue.tsx'
import { Connection } from './Connection.tsx'
import { Downloads } from './Downloads.tsx'
import { HubLookup } from './HubLookup.tsx'
import { LockCard } from './LockCard.tsx'
import { ModelItem } from './ModelItem.tsx'
import { useModels } from './useModels.ts'
import './models.css'

/** See the file's head. */
export function ModelsScreen() {
  const { models, drawDefault, fillDefault } = useStore(modelsStore, (state) => state)
  const watch = useModels((state) => state.watch)
  const problem = useModels((state) => state.problem)
  useEffect(() => watch(), [watch])
  useDropped()
  return (
    <div className="models">
      {problem !== null && <p className="models-problem" role="alert">{problem}</p>}
      <div className="models-columns">
        <ScrollArea className="models-column" type="auto" viewportProps={{ tabIndex: 0 }}>
          <section aria-labelledby="models-here">
            <h2 id="models-here">{t('models.here')}</h2>
            {models.length === 0
              ? <div className="models-none"><strong>{t('models.none')}</strong><p>{t('models.none.body')}</p></div>
              : <ul className="models-list">{models.map((model) => <ModelItem key={model.id} model={model} draws={model.id === drawDefault} fills={model.id === fillDefault} />)}</ul>}
          </section>
          <AddModels />
        </ScrollArea>
        <ScrollArea className="models-column models-side" type="auto" viewportProps={{ tabIndex: 0 }}>
          <h2>{t('models.get')}</h2>
          <LockCard />
          <Downloads />
          <Catalogue />
          <HubLookup />
          <Connection />
        </ScrollArea>
      </div>
    </div>
  )
}

/** Takes files that were dropped on the window and turned out to be models. */
function useDropped(): void {
  const dropped = useStore(layoutStore, (state) => state.dropped)
  const offer = useModels((state) => state.offer)
  useEffect(() => {
    if (dropped.length === 0) return
    layoutStore.setState({ dropped: [] })
    void offer(dropped)
  }, [dropped, offer])
}
