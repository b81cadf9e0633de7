/** What floats over the canvas besides the canvas' own: how far Expand goes, which word is glowing, and the first steps. */
import { useWords } from './useWords.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { seenGlow } from '../../stores/words/intent.ts'
import { t } from '../../strings/t.ts'
import { ExpandOutline } from '../edit/ExpandOutline.tsx'
import { FirstSteps } from '../welcome/FirstSteps.tsx'
import './words.css'

/** See the file's head. */
export function OverCanvas() {
  return <><ExpandOutline /><GlowLegend /><FirstSteps /></>
}

/** Says what the glow is. */
function GlowLegend() {
  const judging = useStore(stagingStore, ({ current }) => current !== null)
  const kind = useWords((state) => seenGlow(state, judging)?.kind ?? null)
  const word = useWords((state) => { const glow = seenGlow(state, judging); return glow && glow.kind !== 'error' ? glow.word : '' })
  const painting = useWords((state) => state.painting)
  if (painting) return <div className="words-legend" role="status"><span className="words-ramp" data-kind={painting.sign} aria-hidden />{t(painting.sign === 'plus' ? 'words.legend.plus' : 'words.legend.minus', { word: painting.word })}</div>
  if (kind === null) return null
  return <div className="words-legend" role="status"><span className="words-ramp" data-kind={kind} aria-hidden />{kind === 'error' ? t('words.legend.error') : t(kind === 'mask' ? 'words.legend.mask' : 'words.legend.glow', { word })}</div>
}
