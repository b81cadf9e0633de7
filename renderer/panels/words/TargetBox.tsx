/** The description of the edited picture as it will be run; it can be written outright. */
import { IconArrowBackUp } from '@tabler/icons-react'
import { Textarea } from '@mantine/core'
import { obstacleOf, targetText } from '../../stores/words/intent.ts'
import { t } from '../../strings/t.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { useWords } from './useWords.ts'

/** See the file's head. */
export function TargetBox() {
  const text = useWords(targetText)
  const outright = useWords((state) => state.outright !== null)
  const obstacle = useWords(obstacleOf)
  const setOutright = useWords((state) => state.setOutright)
  return (
    <div className="words-target">
      <div className="words-line">
        <span className="ui-label" aria-hidden>{t('words.target')}</span>
        {outright && <span className="words-tag">{t('words.target.outright')}</span>}
        {outright && <IconButton icon={IconArrowBackUp} label={t('words.target.reset')} onClick={() => setOutright(null)} />}
      </div>
      <Textarea
        aria-label={t('words.target.label')} autosize minRows={1} maxRows={6} spellCheck={false} value={text} data-changed={obstacle === null || undefined}
        onChange={(event) => setOutright(event.currentTarget.value)} onKeyDown={(event) => event.stopPropagation()}
      />
      {obstacle === 'no-words-left' && <p className="words-note" data-tone="warn">{t('words.target.none')}</p>}
    </div>
  )
}
