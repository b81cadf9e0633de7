/** Where the description comes from: typed, or read from the picture. Shown until there are chips, and to edit the sentence. */
import { Button, Textarea } from '@mantine/core'
import { IconEye } from '@tabler/icons-react'
import { useState } from 'react'
import { t } from '../../strings/t.ts'
import { useWords } from './useWords.ts'

/** See the file's head. `onDone` is called once a description was taken, or the old one kept. */
export function Description({ onDone }: { readonly onDone: () => void }) {
  const { description, reading, note, setDescription, describe } = useWords((state) => state)
  const [text, setText] = useState(description)
  const use = (): void => {
    if (text.trim() === '') return
    onDone()
    if (text.trim() !== description.trim()) void setDescription(text.trim())
  }
  return (
    <div className="words-describe">
      <Textarea
        aria-label={t('words.title')} placeholder={t('words.placeholder')} autosize minRows={2} maxRows={8} value={text} data-autofocus={description !== '' || undefined} autoFocus={description !== ''}
        onChange={(event) => setText(event.currentTarget.value)}
        onKeyDown={(event) => {
          event.stopPropagation()
          if (event.key === 'Escape' && description !== '') onDone()
          if (event.key !== 'Enter' || event.shiftKey) return
          event.preventDefault()
          use()
        }}
      />
      {note !== '' && <p className="words-note">{note}</p>}
      <div className="words-card-row">
        <Button disabled={text.trim() === ''} onClick={use} aria-label={t('words.use')}>{t('words.use.short')}</Button>
        <Button
          variant="default" leftSection={<IconEye size="0.9375rem" />} loading={reading} title={t('words.describe.tip')}
          onClick={() => void describe().then(onDone)}
        >{t('words.describe')}</Button>
        {description !== '' && <Button variant="subtle" color="gray" onClick={onDone}>{t('common.cancel')}</Button>}
      </div>
    </div>
  )
}
