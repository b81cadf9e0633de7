/** How masks look on the picture, with a sample. */
import { ColorSwatch } from '@mantine/core'
import { IconCheck } from '@tabler/icons-react'
import { t } from '../../strings/t.ts'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { Setting } from './Setting.tsx'
import { useSettings } from './useSettings.ts'

/** Colours that stand out from most pictures and from each other, also with colour-blind eyes. */
const COLOURS = ['#e5484d', '#f0b429', '#12a594', '#3e63dd', '#d6409f', '#ffffff'] as const

/** See the file's head. */
export function MasksPart() {
  const [{ maskColour, maskOpacity }, change] = useSettings()
  return (
    <>
      <Setting label={t('settings.mask.colour')}>
        <div className="settings-colours" role="radiogroup" aria-label={t('settings.mask.colour')}>
          {COLOURS.map((colour) => (
            <button key={colour} type="button" role="radio" aria-checked={maskColour === colour} aria-label={colour} className="settings-colour" onClick={() => change({ maskColour: colour })}>
              <ColorSwatch component="span" color={colour} size="1.25rem">{maskColour === colour && <IconCheck size="0.875rem" color={colour === '#ffffff' || colour === '#f0b429' ? '#1b1b1e' : '#ffffff'} />}</ColorSwatch>
            </button>
          ))}
          <input type="color" aria-label={t('settings.mask.colour')} value={maskColour} onChange={(event) => change({ maskColour: event.target.value })} />
        </div>
      </Setting>
      <SliderRow label={t('settings.mask.opacity')} value={maskOpacity} min={0.1} max={1} step={0.05} scale={100} suffix=" %" onChange={(opacity) => change({ maskOpacity: Math.round(opacity * 100) / 100 })} />
      <div className="settings-mask-sample" role="img" aria-label={t('settings.mask.sample')}>
        <span style={{ background: `repeating-linear-gradient(45deg, ${maskColour} 0 0.25rem, color-mix(in srgb, ${maskColour} 70%, transparent) 0.25rem 0.5rem)`, opacity: maskOpacity }} />
      </div>
      <p className="settings-hint">{t('settings.mask.hint')}</p>
    </>
  )
}
