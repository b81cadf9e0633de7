/** How well the model gives the picture back, in plain words and as a meter; and preparing it ahead of the first edit. */
import { Button } from '@mantine/core'
import { IconCircleCheck, IconFlame } from '@tabler/icons-react'
import type { InversionResult } from '../../../preload/contract/edits.ts'
import { gradeOf, meterShare } from '../../stores/words/fidelity.ts'
import { t } from '../../strings/t.ts'
import { timeText } from '../../app/format.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { useWords } from './useWords.ts'

/** See the file's head. */
export function FidelityMeter() {
  const { fidelity, measured, ready, inverting, looking, predictedSeconds, invert } = useWords((state) => state)
  const known = fidelity ?? measured
  return (
    <section className="words-fidelity" aria-label={t('words.fidelity')}>
      <div className="words-line">
        <span className="ui-label">{t('words.fidelity')}</span>
        {ready && <span className="words-ready" title={t('words.ready.tip')}><IconCircleCheck size="0.875rem" aria-hidden />{t('words.ready')}</span>}
      </div>
      {known ? <Meter fidelity={known} map={fidelity !== null} /> : <p className="words-note">{t('words.fidelity.none')}</p>}
      {!ready && !inverting && !looking && (
        <Button variant="default" size="compact-sm" onClick={() => void invert()}>
          {predictedSeconds === null ? t('words.prepare') : t('words.prepare.time', { time: timeText(predictedSeconds) })}
        </Button>
      )}
    </section>
  )
}

/** The measured figure; `map`: where it differs is known too. Colour is not the only sign: the grade is written out. */
function Meter({ fidelity, map }: { readonly fidelity: Pick<InversionResult, 'faithful' | 'psnr'>; readonly map: boolean }) {
  const shown = useWords((state) => state.errorShown)
  const toggle = useWords((state) => state.toggleError)
  const grade = gradeOf(fidelity)
  const name = t(`words.fidelity.${grade}`)
  const psnr = Math.round(fidelity.psnr * 10) / 10
  return (
    <>
      <div className="words-line">
        <span className="words-grade" data-grade={grade}>{name}</span>
        <span className="words-dim">{t('words.fidelity.value', { psnr })}</span>
        <span className="words-spring" />
        {map && <IconButton icon={IconFlame} label={t(shown ? 'words.error.hide' : 'words.error.show')} pressed={shown} onClick={() => toggle()} />}
      </div>
      <div className="words-meter" role="meter" aria-label={t('words.fidelity')} aria-valuemin={0} aria-valuemax={100} aria-valuenow={Math.round(meterShare(fidelity.psnr) * 100)} aria-valuetext={t('words.fidelity.meter', { grade: name, psnr })}>
        <span style={{ left: `${meterShare(fidelity.psnr) * 100}%` }} data-grade={grade} />
      </div>
      <p className="words-note">{t(`words.fidelity.${grade}.body`)}</p>
    </>
  )
}
