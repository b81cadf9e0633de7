/** The recipe of a batch: opened, pasted or typed; shown as steps a person can read. */
import { Button, FileButton, Textarea } from '@mantine/core'
import { IconClipboard, IconFileText } from '@tabler/icons-react'
import { useState } from 'react'
import { tellNotice } from '../../stores/sessionStore.ts'
import { t } from '../../strings/t.ts'
import { useBatch } from './useBatch.ts'

/** See the file's head. */
export function RecipeBox() {
  const text = useBatch((state) => state.form.recipe)
  const { recipe, recipeProblem, setRecipe } = useBatch((state) => state)
  const [asText, setAsText] = useState(false)
  const take = (file: File | null): void => {
    if (file) void file.text().then(setRecipe)
  }
  const paste = async (): Promise<void> => {
    const found = await navigator.clipboard.readText().catch(() => null) // refused by the person or the browser
    if (found === null || found.trim() === '') {
      setAsText(true)
      tellNotice({ id: 'clipboard', level: 'info', message: t(found === null ? 'batch.recipe.clipboard' : 'batch.recipe.empty'), sticky: false, over: false })
    } else await setRecipe(found)
  }
  const writing = asText || (text !== '' && recipe === null)
  return (
    <div
      className="batch-recipe"
      onDragOver={(event) => { event.preventDefault(); event.stopPropagation() }}
      onDrop={(event) => { event.preventDefault(); event.stopPropagation(); take(event.dataTransfer.files[0] ?? null) }}
    >
      {recipe && !writing ? (
        <>
          <strong className="batch-recipe-name">{recipe.name === '' ? t('batch.recipe.unnamed') : recipe.name}</strong>
          <ol className="batch-steps">
            {recipe.steps.map((step, at) => (
              <li key={at}><span className="batch-step-task">{step.task}</span><span>{step.summary === step.task ? '' : step.summary}</span><span className="batch-aim">{step.aim === 'everything' ? t('batch.step.everything') : step.aim}</span></li>
            ))}
          </ol>
        </>
      ) : writing ? (
        <Textarea
          aria-label={t('batch.recipe.label')} autosize minRows={6} maxRows={16} spellCheck={false} value={text} classNames={{ input: 'batch-code' }}
          onChange={(event) => void setRecipe(event.currentTarget.value)} onKeyDown={(event) => event.stopPropagation()}
        />
      ) : <p className="batch-dim">{t('batch.recipe.body')}</p>}
      {recipeProblem !== null && <p className="batch-warning" role="alert">{recipeProblem}</p>}
      <div className="batch-buttons">
        <FileButton accept=".json,application/json" onChange={take}>{(props) => <Button {...props} variant="default" leftSection={<IconFileText size="0.9375rem" />}>{t('batch.recipe.open')}</Button>}</FileButton>
        <Button variant="default" leftSection={<IconClipboard size="0.9375rem" />} onClick={() => void paste()}>{t('batch.recipe.paste')}</Button>
        {(recipe !== null || !writing) && <Button variant="subtle" color="gray" onClick={() => setAsText(!writing)}>{t(writing ? 'batch.recipe.steps' : 'batch.recipe.text')}</Button>}
        {text !== '' && <Button variant="subtle" color="gray" onClick={() => { setAsText(false); void setRecipe('') }}>{t('batch.recipe.clear')}</Button>}
      </div>
    </div>
  )
}
