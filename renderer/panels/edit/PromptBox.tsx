/** The prompt: earlier ones with Alt+arrows, weights with Ctrl+arrows, completion and a flag where the model lists its words. */
import { Combobox, Menu, Textarea, useCombobox } from '@mantine/core'
import { IconAlertTriangle, IconHistory } from '@tabler/icons-react'
import { useId, useRef, useState } from 'react'
import { editStore, setForm } from '../../stores/editStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { completions, reweight, unknownWords } from './promptText.ts'
import { useVocabulary } from './useVocabulary.ts'

/** See the file's head. */
export function PromptBox({ label, hint }: { readonly label: string; readonly hint?: string }) {
  const id = useId()
  const prompt = useStore(editStore, (state) => state.prompt)
  const prompts = useStore(editStore, (state) => state.prompts)
  const { set } = useVocabulary()
  const unknown = unknownWords(prompt, set)
  return (
    <div className="prompt">
      <div className="prompt-head">
        <label htmlFor={id} className="ui-label">{label}</label>
        <Menu position="bottom-end" width={300}>
          <Menu.Target><IconButton icon={IconHistory} label={t('edit.prompt.earlier')} shortcut="Alt+↑" size={0.9375} /></Menu.Target>
          <Menu.Dropdown className="prompt-earlier">
            {prompts.length === 0 && <Menu.Item disabled>{t('edit.prompt.none')}</Menu.Item>}
            {prompts.slice(0, 30).map((text) => <Menu.Item key={text} onClick={() => setForm({ prompt: text })}>{text}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      </div>
      <PromptField id={id} describedBy={`${id}-help`} {...(hint !== undefined && { hint })} />
      {unknown.length > 0 && <p className="prompt-unknown"><IconAlertTriangle size="0.875rem" aria-hidden />{t('edit.prompt.unknown', { words: unknown.join(', ') })}</p>}
      <p id={`${id}-help`} className="prompt-help">{t('edit.prompt.help')}</p>
    </div>
  )
}

function PromptField({ id, hint, describedBy }: { readonly id: string; readonly hint?: string; readonly describedBy: string }) {
  const prompt = useStore(editStore, (state) => state.prompt)
  const { list } = useVocabulary()
  const field = useRef<HTMLTextAreaElement>(null)
  const [cursor, setCursor] = useState(0)
  const earlier = useEarlier()
  const combobox = useCombobox()
  const { from, words } = completions(prompt, cursor, list)
  const write = (text: string, start: number, end = start): void => {
    setForm({ prompt: text })
    setCursor(end)
    requestAnimationFrame(() => field.current?.setSelectionRange(start, end)) // after React has put the text there
  }
  const complete = (word: string): void => {
    write(`${prompt.slice(0, from)}${word}${prompt.slice(cursor)}`, from + word.length)
    combobox.closeDropdown()
  }
  const key = (event: React.KeyboardEvent<HTMLTextAreaElement>): void => {
    const direction = event.key === 'ArrowUp' ? 1 : event.key === 'ArrowDown' ? -1 : 0
    const { selectionStart, selectionEnd } = event.currentTarget
    if (event.altKey && direction !== 0) {
      const text = earlier(direction)
      if (text !== null) write(text, text.length)
    } else if ((event.ctrlKey || event.metaKey) && direction !== 0) {
      const next = reweight({ text: prompt, from: selectionStart, to: selectionEnd }, direction)
      write(next.text, next.from, next.to)
    } else if (event.key === 'Tab' && !event.shiftKey && combobox.dropdownOpened && words.length > 0) complete(words[Math.max(0, combobox.getSelectedOptionIndex())]!)
    else return
    event.preventDefault()
  }
  return (
    <Combobox store={combobox} onOptionSubmit={complete} position="bottom-start" withinPortal>
      <Combobox.EventsTarget withExpandedAttribute autoComplete="off" withKeyboardNavigation={combobox.dropdownOpened && words.length > 0}>
        <Textarea
          ref={field} id={id} data-prompt aria-describedby={describedBy} autosize minRows={3} maxRows={10} placeholder={hint} value={prompt} onKeyDown={key} onBlur={() => combobox.closeDropdown()}
          onSelect={(event) => setCursor(event.currentTarget.selectionStart)}
          onChange={(event) => {
            setForm({ prompt: event.currentTarget.value })
            setCursor(event.currentTarget.selectionStart)
            combobox.openDropdown()
            combobox.resetSelectedOption()
          }}
        />
      </Combobox.EventsTarget>
      <Combobox.Dropdown hidden={words.length === 0}>
        <Combobox.Options aria-label={t('edit.prompt.words')}>{words.map((word) => <Combobox.Option key={word} value={word}>{word}</Combobox.Option>)}</Combobox.Options>
      </Combobox.Dropdown>
    </Combobox>
  )
}

/** Walks through earlier prompts; what was being written is at the near end. */
function useEarlier(): (direction: 1 | -1) => string | null {
  const place = useRef({ index: -1, draft: '' })
  return (direction) => {
    const { prompts, prompt } = editStore.getState()
    const { index, draft } = place.current
    const shown = index < 0 ? draft : prompts[index]
    const here = shown === prompt ? index : -1 // it was edited since: that is the new draft
    const next = here + direction
    if (next >= prompts.length || next < -1) return null
    place.current = { index: next, draft: here === -1 ? prompt : draft }
    return next === -1 ? place.current.draft : prompts[next]!
  }
}
