/** Results that wait: flip with the arrows, Enter keeps, Escape turns down. What is shown on the canvas is the marked one. */
import { Button, Kbd } from '@mantine/core'
import { IconCheck, IconChevronLeft, IconChevronRight, IconEye, IconShieldCheck, IconShieldX, IconX } from '@tabler/icons-react'
import { useEffect, useRef } from 'react'
import type { StagedEdit } from '../../../preload/contract/edits.ts'
import { beginPictureDrag, endPictureDrag, leaveRest, restOn } from '../../app/actions/dragPictures.ts'
import { runCommand } from '../../app/commands/registry.ts'
import { useCommand } from '../../app/commands/useCommand.ts'
import { CommandIcon } from '../../app/shell/CommandButton.tsx'
import { useMedia } from '../../app/useMedia.ts'
import { setForm } from '../../stores/editStore.ts'
import { resultPlaces, showResult, shownResult, stagingStore, toggleKept } from '../../stores/stagingStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { Picture } from '../../ui/Picture.tsx'

/** See the file's head. `height` in CSS pixels at text zoom 1. */
export function StagingStrip({ height }: { readonly height: number }) {
  const edits = useStore(stagingStore, (state) => state.edits)
  return (
    <section className="strip" aria-label={t('shell.strip')} style={{ height: `${height / 16}rem` }}>
      <div className="strip-results" role="listbox" aria-label={t('staging.results')} aria-orientation="horizontal">
        {edits.map((edit) => <EditResults key={edit.operation} edit={edit} />)}
      </div>
      <Verdict />
    </section>
  )
}

function EditResults({ edit }: { readonly edit: StagedEdit }) {
  return (
    <div className="strip-edit" role="group" aria-label={edit.title}>
      <span className="strip-title">{edit.title}</span>
      <div className="strip-row">{edit.results.map((result) => <Result key={result.ordinal} edit={edit} result={result} />)}</div>
    </div>
  )
}

function Result({ edit, result }: { readonly edit: StagedEdit; readonly result: StagedEdit['results'][number] }) {
  const { operation } = edit
  const { ordinal, media, seed } = result
  const shown = useStore(stagingStore, ({ current }) => current?.operation === operation && current.ordinal === ordinal)
  const kept = useStore(stagingStore, (state) => state.current?.operation === operation && state.kept.includes(ordinal))
  const places = useStore(stagingStore, (state) => resultPlaces(state.edits).length)
  const index = useStore(stagingStore, (state) => resultPlaces(state.edits).findIndex((one) => one.operation === operation && one.ordinal === ordinal) + 1)
  const url = useMedia(media)
  const frame = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (shown) frame.current?.scrollIntoView({ block: 'nearest', inline: 'nearest' })
  }, [shown])
  const label = seed === null ? t('staging.result.plain', { index, n: places }) : t('staging.result', { index, n: places, seed })
  const picture = { of: { what: 'result', operation, ordinal }, name: edit.title } as const
  const choose = (event: React.MouseEvent | React.KeyboardEvent): void => {
    showResult({ operation, ordinal })
    if (event.ctrlKey || event.metaKey || event.shiftKey) toggleKept(ordinal)
  }
  return (
    <div
      ref={frame} role="option" aria-selected={shown} aria-label={label} tabIndex={shown ? 0 : -1} className="strip-result" data-shown={shown || undefined} data-kept={kept || undefined} draggable onPointerEnter={() => restOn(picture)} onPointerLeave={leaveRest} onDragStart={(event) => beginPictureDrag(event, picture)} onDragEnd={endPictureDrag} onClick={choose} onDoubleClick={() => void runCommand('staging.accept')}
      onKeyDown={(event) => {
        if (event.key !== ' ') return
        event.preventDefault()
        toggleKept(ordinal)
      }}
    >
      <Picture src={url} alt="" />
      {kept && <span className="strip-kept"><IconCheck size="0.75rem" stroke={2.5} aria-hidden /></span>}
    </div>
  )
}

/** Edits that have no outside: they paint the whole picture. */
const WHOLE: ReadonlySet<string> = new Set(['img2img', 'txt2img'])

/** What is known of the shown result, and the three answers to it. */
function Verdict() {
  const shown = useStore(stagingStore, (state) => shownResult(state)?.result ?? null)
  const whole = useStore(stagingStore, (state) => WHOLE.has(shownResult(state)?.edit.kind ?? ''))
  const several = useStore(stagingStore, ({ kept }) => kept.length)
  const accept = useCommand('staging.accept')
  const reject = useCommand('staging.reject')
  if (!shown) return null
  return (
    <div className="strip-verdict">
      {whole ? <span className="proof proof-open">{t('staging.whole')}</span> : <Proof changed={shown.changedOutside} />}
      <div className="strip-tools">
        <CommandIcon id="staging.previous" icon={IconChevronLeft} position="top" />
        <CommandIcon id="staging.next" icon={IconChevronRight} position="top" />
        <CommandIcon id="view.original" icon={IconEye} position="top" />
        <CommandIcon id="view.split" position="top" />
        <CommandIcon id="view.difference" position="top" />
        {shown.seed !== null && <Button variant="subtle" color="gray" size="compact-sm" className="number" title={t('staging.seed.use')} onClick={() => setForm({ seed: shown.seed })}>{t('staging.seed', { seed: String(shown.seed) })}</Button>}
      </div>
      <div className="strip-answers">
        <Button variant="default" leftSection={<IconX size="0.9375rem" />} rightSection={<Kbd>{reject.shortcut}</Kbd>} onClick={() => void runCommand('staging.reject')}>{t('staging.reject')}</Button>
        <Button leftSection={<IconCheck size="0.9375rem" />} rightSection={<Kbd className="on-accent">{accept.shortcut}</Kbd>} onClick={() => void runCommand('staging.accept')}>{several > 1 ? t('staging.accept.many', { n: several }) : t('staging.accept')}</Button>
      </div>
    </div>
  )
}

/** The proof that nothing outside the mask was touched. */
function Proof({ changed }: { readonly changed: number | null }) {
  if (changed === null) return <span className="proof proof-open">{t('staging.unmeasured')}</span>
  if (changed > 0) return <span className="proof proof-bad"><IconShieldX size="1rem" aria-hidden />{t('staging.touched', { n: changed })}</span>
  return <span className="proof proof-good"><IconShieldCheck size="1rem" aria-hidden />{t('staging.untouched')}</span>
}
