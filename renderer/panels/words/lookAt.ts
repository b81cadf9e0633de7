/** Standing on or hovering a chip shows where its word looks; looking is begun unasked only when it takes little. */
import { wordsStore } from '../../stores/words.ts'

/** Rest before something is shown, so that a pointer passing over the row shows nothing. */
const REST_MS = 140
/** A look that takes longer than this is only done when it is asked for, seconds. */
const UNASKED_SECONDS = 60

let timer: ReturnType<typeof setTimeout> | undefined

/** Shows a chip's word, or nothing. A mask that is being made stays. */
export function lookAt(chip: number | null): void {
  clearTimeout(timer)
  timer = setTimeout(() => {
    const state = wordsStore.getState()
    if (state.shown?.asMask || state.painting) return
    void state.show(chip)
    if (chip !== null && canLookUnasked()) void state.look()
  }, REST_MS)
}

/** A word that is pointed at while the host still works out what looking takes is looked at once that is known. Returns how to stop. */
export function lookOnceForetold(): () => void {
  return wordsStore.subscribe((state, before) => {
    const isNews = state.predictedSeconds !== before.predictedSeconds || state.ready !== before.ready
    if (isNews && state.shown && !state.shown.asMask && !state.painting && canLookUnasked()) void state.look()
  })
}

/** Whether looking may begin because a word is pointed at. */
function canLookUnasked(): boolean {
  const { maps, looking, problem, ready, predictedSeconds } = wordsStore.getState()
  return !maps && !looking && problem === null && (ready || (predictedSeconds !== null && predictedSeconds <= UNASKED_SECONDS))
}
