/** Theme, language, text size, motion, and how much the panels show. */
import { Button, SegmentedControl, Select } from '@mantine/core'
import { closePanel } from '../../stores/layoutStore.ts'
import { t } from '../../strings/t.ts'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { Setting } from './Setting.tsx'
import { useSettings } from './useSettings.ts'

const THEMES = ['system', 'light', 'dark'] as const
const MOTIONS = ['system', 'on', 'off'] as const
const LEVELS = ['simple', 'advanced', 'expert'] as const

/** See the file's head. */
export function LookPart() {
  const [settings, change] = useSettings()
  return (
    <>
      <Setting label={t('settings.theme')}>
        <SegmentedControl aria-label={t('settings.theme')} value={settings.theme} data={THEMES.map((value) => ({ value, label: t(`settings.theme.${value}`) }))} onChange={(theme) => change({ theme })} />
      </Setting>
      <Setting label={t('settings.level')} hint={t('settings.level.hint')}>
        <SegmentedControl aria-label={t('settings.level')} value={settings.level} data={LEVELS.map((value) => ({ value, label: t(`settings.level.${value}`) }))} onChange={(level) => change({ level })} />
      </Setting>
      <SliderRow label={t('settings.zoom')} value={settings.textZoom} min={0.75} max={2} step={0.05} scale={100} suffix=" %" onChange={(textZoom) => change({ textZoom: Math.round(textZoom * 20) / 20 })} />
      <Setting label={t('settings.motion')}>
        <SegmentedControl aria-label={t('settings.motion')} value={settings.reducedMotion} data={MOTIONS.map((value) => ({ value, label: t(`settings.motion.${value}`) }))} onChange={(reducedMotion) => change({ reducedMotion })} />
      </Setting>
      <Setting label={t('settings.language')}>
        <Select aria-label={t('settings.language')} value={settings.language} data={[{ value: 'en', label: t('settings.language.en') }]} onChange={(language) => language && change({ language })} />
      </Setting>
      <Setting label={t('settings.onboarding')}>
        <Button variant="default" disabled={!settings.onboarded} onClick={() => { change({ onboarded: false }); closePanel('dialog') }}>{t('settings.onboarding.again')}</Button>
      </Setting>
    </>
  )
}
