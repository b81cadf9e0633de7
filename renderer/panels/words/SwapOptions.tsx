/** How the edit is held: layout and shapes for everyone, the way of editing for the advanced, the rest for experts. */
import { Select, Switch } from '@mantine/core'
import { activeMask, documentStore } from '../../stores/documentStore.ts'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { Field } from '../../ui/Field.tsx'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { useWords } from './useWords.ts'

const METHODS = ['p2p', 'masactrl', 'pnp'] as const
/** The engine's names of the ways to invert: experts know them from the papers. */
const INVERSIONS = ['auto', 'ddim', 'npi', 'direct', 'renoise', 'edict', 'ef-ddpm'] as const

/** See the file's head. */
export function SwapOptions() {
  const options = useWords((state) => state.options)
  const set = useWords((state) => state.setOptions)
  const level = useStore(sessionStore, ({ settings }) => settings.level)
  const hasMask = useStore(documentStore, (state) => activeMask(state) !== null)
  const ends = [t('words.free'), t('words.held')] as const
  const p2p = options.method === 'p2p'
  return (
    <section className="words-options" aria-label={t('words.hold')}>
      {p2p && <SliderRow label={t('words.cross')} value={options.cross} min={0} max={1} step={0.05} scale={100} suffix=" %" hint={ends} onChange={(cross) => set({ cross })} />}
      {p2p && <SliderRow label={t('words.self')} value={options.self} min={0} max={1} step={0.05} scale={100} suffix=" %" hint={ends} onChange={(self) => set({ self })} />}
      {p2p && <p className="words-note">{t('words.hold.hint')}</p>}
      <Switch label={t('words.confine')} checked={options.confine && hasMask} disabled={!hasMask} {...(!hasMask && { description: t('words.confine.none') })} onChange={(event) => set({ confine: event.currentTarget.checked })} />
      {level !== 'simple' && (
        <Field label={t('words.method')}>
          <Select aria-label={t('words.method')} value={options.method} data={METHODS.map((value) => ({ value, label: t(`words.method.${value}`) }))} onChange={(value) => value && set({ method: value })} />
        </Field>
      )}
      {level === 'expert' && (
        <>
          <Field label={t('words.inversion')}>
            <Select aria-label={t('words.inversion')} value={options.inversion} title={t('words.inversion.tip')} data={INVERSIONS.map((value) => ({ value, label: value === 'auto' ? t('words.inversion.auto') : value.toUpperCase() }))} onChange={(value) => value && set({ inversion: value })} />
          </Field>
          {p2p && (
            <Field label={t('words.align')}>
              <Select aria-label={t('words.align')} value={options.align} data={(['refine', 'replace'] as const).map((value) => ({ value, label: t(`words.align.${value}`) }))} onChange={(value) => value && set({ align: value })} />
            </Field>
          )}
          <Switch label={t('words.local')} checked={options.localBlend} onChange={(event) => set({ localBlend: event.currentTarget.checked })} />
        </>
      )}
    </section>
  )
}
