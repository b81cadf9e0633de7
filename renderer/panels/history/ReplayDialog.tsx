/** Another prompt, seed or mask for a step that the engine made; the steps after it are done again on a new branch. */
import { Button, Checkbox, NumberInput, Textarea } from '@mantine/core'
import { useEffect, useMemo, useState } from 'react'
import type { OperationDetail } from '../../../preload/contract/history.ts'
import type { Json } from '../../../preload/contract/ids.ts'
import { call } from '../../api/client.ts'
import { attempt } from '../../app/actions/attempt.ts'
import type { Dialog } from '../../stores/dialogStore.ts'
import { documentStore, place } from '../../stores/documentStore.ts'
import { currentBranch, historyStore } from '../../stores/historyStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'

/** See the file's head. */
export function ReplayDialog({ dialog: { operation }, close }: { readonly dialog: Extract<Dialog, { kind: 'replay' }>; readonly close: () => void }) {
  const [detail, setDetail] = useState<OperationDetail | null>(null)
  useEffect(() => {
    const where = place()
    if (where) attempt(call('history.show', { project: where.project, operation }).then(setDetail))
  }, [operation])
  return detail && <ReplayForm detail={detail} close={close} />
}

function ReplayForm({ detail, close }: { readonly detail: OperationDetail; readonly close: () => void }) {
  const recorded = typeof detail.params['prompt'] === 'string' ? detail.params['prompt'] : null
  const [prompt, setPrompt] = useState(recorded ?? '')
  const [seed, setSeed] = useState<number | null>(detail.seed)
  const [mask, setMask] = useState(false)
  const hasMask = useStore(documentStore, ({ document }) => (document?.activeMask ?? null) !== null)
  const later = useLaterSteps(detail.id)
  const run = async (): Promise<void> => {
    const where = place()
    if (!where) return
    const params: Record<string, Json> = recorded !== null && prompt !== recorded ? { prompt } : {}
    await call('history.replay', { ...where, from: detail.id, change: { ...(Object.keys(params).length > 0 && { params }), ...(seed !== null && seed !== detail.seed && { seed }), activeMask: mask } })
    close()
  }
  const unchanged = prompt === (recorded ?? '') && seed === detail.seed && !mask
  return (
    <form className="dialog-form" onSubmit={(event) => { event.preventDefault(); attempt(run()) }}>
      <p className="dialog-about">{t('history.replay.about', { n: later })}</p>
      {recorded !== null && <Textarea data-autofocus label={t('history.replay.prompt')} autosize minRows={2} maxRows={8} value={prompt} onChange={(event) => setPrompt(event.currentTarget.value)} />}
      {detail.seed !== null && <NumberInput label={t('history.replay.seed')} hideControls min={0} allowDecimal={false} value={seed ?? ''} onChange={(next) => setSeed(typeof next === 'number' ? next : null)} />}
      <Checkbox label={t('history.replay.mask')} disabled={!hasMask} checked={mask} onChange={(event) => setMask(event.currentTarget.checked)} />
      {detail.model !== null && detail.durationMs !== null && <p className="dialog-about number">{t('history.replay.made', { model: detail.model, seconds: Math.round(detail.durationMs / 100) / 10 })}</p>}
      <div className="dialog-buttons">
        <Button variant="default" onClick={close}>{t('common.cancel')}</Button>
        <Button type="submit" disabled={unchanged}>{t('history.replay.go')}</Button>
      </div>
    </form>
  )
}

/** How many steps of the branch come after one and would be run again. */
function useLaterSteps(operation: number): number {
  const rows = useStore(historyStore, (state) => state.rows)
  const head = useStore(historyStore, (state) => state.head)
  return useMemo(() => {
    const branch = currentBranch(rows, head)
    return rows.filter(({ id, replayable }) => replayable && branch.has(id) && id > operation).length
  }, [rows, head, operation])
}
