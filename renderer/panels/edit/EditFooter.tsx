/** The foot of the Edit panel: what to know before Go, the forecast, and Go. */
import { Button, Kbd, Loader, Tooltip } from '@mantine/core'
import { IconAlertTriangle, IconCube, IconPlayerPlay } from '@tabler/icons-react'
import type { Prediction } from '../../../preload/contract/edits.ts'
import { obstacle } from '../../app/actions/runEdit.ts'
import { runCommand } from '../../app/commands/registry.ts'
import { useCommand } from '../../app/commands/useCommand.ts'
import { bytesText, timeText } from '../../app/format.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { editStore } from '../../stores/editStore.ts'
import { isActive, jobsStore } from '../../stores/jobsStore.ts'
import { layoutStore, openPanel } from '../../stores/layoutStore.ts'
import { modelsStore } from '../../stores/modelsStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { wordsStore } from '../../stores/words.ts'
import { obstacleOf } from '../../stores/words/intent.ts'
import { t } from '../../strings/t.ts'
import { useVocabulary } from './useVocabulary.ts'

/** See the file's head. */
export function EditFooter() {
  const { intent, prompt, prediction, predicting } = useShallowStore(editStore, (state) => ({ intent: state.intent, prompt: state.prompt, prediction: state.prediction, predicting: state.predicting }))
  const { shortcut, enabled } = useCommand('run.go')
  const busy = useStore(jobsStore, ({ jobs }) => jobs.some(isActive))
  useStore(documentStore, (state) => state.document) // the obstacle may be gone with another document or mask
  useStore(wordsStore, obstacleOf) // or with a word that was changed
  useStore(modelsStore, (state) => state)
  const why = useStore(editStore, obstacle)
  const name = intent === 'fill' && prompt.trim() === '' ? t('edit.go.fill.empty') : t(`edit.go.${intent}`)
  return (
    <div className="panel-foot">
      {why === 'edit.need.model' ? <Note text={t('edit.need.model.about')} models /> : prediction && <Warnings warnings={prediction.warnings} />}
      <div className="edit-forecast number" aria-live="polite">
        {why !== null ? t(why) : <Forecast prediction={prediction} />}
        {predicting && why === null && <Loader size="0.75rem" aria-label={t('edit.predict.reading')} />}
      </div>
      <Tooltip label={<span className="ui-tip">{busy ? t('edit.go.queue') : name}{shortcut && <Kbd>{shortcut}</Kbd>}</span>}>
        <Button fullWidth className="edit-go" disabled={!enabled} leftSection={<IconPlayerPlay size="1rem" />} onClick={() => void runCommand('run.go')} aria-keyshortcuts="Control+Enter">
          {name}
        </Button>
      </Tooltip>
    </div>
  )
}

function Forecast({ prediction }: { readonly prediction: Prediction | null }) {
  if (!prediction) return null
  const { seconds, peakBytes, availableBytes, fits, device } = prediction
  const time = seconds === null ? t('edit.predict.none') : t('common.about', { time: timeText(seconds) })
  if (peakBytes === null) return <span>{time}</span>
  if (!fits) return <span className="warn-text">{t('edit.predict.tight', { memory: bytesText(peakBytes), available: bytesText(availableBytes) })}</span>
  return <Tooltip label={device}><span>{t('edit.predict', { time, memory: bytesText(peakBytes) })}</span></Tooltip>
}

/** A picture unlike the model's world is told so here, with the way to a model that knows photos. */
const UNLIKE = 'model/unlike'

function Warnings({ warnings }: { readonly warnings: Prediction['warnings'] }) {
  const { set } = useVocabulary()
  // unknown words are flagged under the prompt already where the model lists its words
  return warnings.filter(({ code }) => set === null || code !== 'prompt/unknown-words').map(({ code, message }) => <Note key={`${code} ${message}`} text={message} models={code === UNLIKE} />)
}

/** A sentence to know before Go; `models`: with the way to another model. */
function Note({ text, models }: { readonly text: string; readonly models: boolean }) {
  const there = useStore(layoutStore, ({ known }) => known.includes('models'))
  return (
    <div className="edit-warning" role="note">
      <IconAlertTriangle size="1rem" aria-hidden />
      <span>{text}</span>
      {models && there && <Button variant="default" size="compact-sm" leftSection={<IconCube size="0.875rem" />} onClick={() => openPanel('models', 'screen')}>{t('edit.unlike.add')}</Button>}
    </div>
  )
}
