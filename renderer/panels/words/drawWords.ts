/** What of the words is laid over the picture: a word's glow, the mask it would become, the error of the inversion, word paint. */
import type { StrokeTile } from '../../../preload/contract/documents.ts'
import { call } from '../../api/client.ts'
import { canvasPort } from '../../stores/canvasPort.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { type ToolId, chooseTool, toolStore } from '../../stores/toolStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { wordsStore } from '../../stores/words.ts'
import { seenGlow } from '../../stores/words/intent.ts'
import type { WordMap } from '../../stores/words/maps.ts'
import type { Glow, WordPaint, WordsState } from '../../stores/words/state.ts'

/** How strongly each kind lies over the picture. */
const OPACITY = { glow: 0.75, mask: 0.9, error: 0.85 } as const
/** Where on the glow's ramp a mask is drawn: its orange, which stands off from bright pictures and dark ones. */
const MASK_TONE = 0.65

/** Starts to draw; returns how to stop. */
export function drawWords(): () => void {
  let drawn = ''
  const draw = (): void => {
    const state = wordsStore.getState()
    const glow = seenGlow(state, stagingStore.getState().current !== null)
    const key = glow === null ? '' : glow.kind === 'error' ? glow.media : `${glow.kind} ${glow.word} ${state.shown?.chip} ${glow.kind === 'mask' ? state.threshold : ''} ${state.maps?.set}`
    if (key === drawn) return
    drawn = key
    void show(glow, () => drawn === key)
  }
  const stops = [
    wordsStore.subscribe(draw), followBrush(),
    stagingStore.subscribe(({ current }, old) => {
      if (current !== null && current.operation !== old.current?.operation) putAway()
      draw()
    }),
  ]
  return () => {
    for (const stop of stops) stop()
    canvasPort()?.setGlow(null)
    canvasPort()?.setWordPaint(null)
  }
}

/** A result has come: nothing of the words lies over it, and the word brush is put away. */
function putAway(): void {
  const { show: showWord, toggleError, setPainting } = wordsStore.getState()
  void showWord(null)
  toggleError(false)
  setPainting(null)
}

/** Lays a glow over the whole canvas, unless another was asked for meanwhile. */
async function show(glow: Glow | null, stillWanted: () => boolean): Promise<void> {
  if (glow === null) return canvasPort()?.setGlow(null)
  const map = glow.kind === 'error' ? await greyOf(glow.media).catch(() => null) : glow.kind === 'mask' ? toned(glow.map) : glow.map // a heat-map that cannot be read is not shown
  const canvas = documentStore.getState().document?.canvas
  if (map && canvas && stillWanted()) canvasPort()?.setGlow({ ...map, box: { x: 0, y: 0, ...canvas } }, OPACITY[glow.kind])
}

function toned(map: WordMap): WordMap {
  return { ...map, bytes: map.bytes.map((value) => Math.round(value * MASK_TONE)) }
}

/** A stored picture as grey bytes. */
async function greyOf(key: string): Promise<WordMap> {
  const project = wordsStore.getState().document?.project
  const { bytes, media } = await call('media.read', project === undefined ? { key } : { key, project })
  const picture = await createImageBitmap(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: media })) // bytes of a message are never shared memory
  const { width, height } = picture
  const context = new OffscreenCanvas(width, height).getContext('2d')!
  context.drawImage(picture, 0, 0)
  picture.close()
  return { width, height, bytes: brightness(context.getImageData(0, 0, width, height).data) }
}

/** The largest channel of each pixel: how hot a heat-map is there, whatever its colours. */
export function brightness(rgba: Uint8ClampedArray): Uint8Array {
  return Uint8Array.from({ length: rgba.length / 4 }, (_, at) => Math.max(rgba[4 * at]!, rgba[4 * at + 1]!, rgba[4 * at + 2]!))
}

/** Word paint with the tiles of a stroke in it: a tile that is there is replaced. */
export function withTiles(paint: WordPaint, tiles: readonly StrokeTile[]): WordPaint {
  const next = new Map(paint)
  for (const tile of tiles) next.set(`${tile.x},${tile.y}`, tile)
  return next
}

/** The word brush of the canvas and the panel's buttons: each follows the other. */
function followBrush(): () => void {
  let before: ToolId = 'mask-brush'
  const take = (tiles: readonly StrokeTile[]): void => {
    const { painting, paint, setPaint } = wordsStore.getState()
    if (painting) setPaint(painting.word, withTiles(paint.get(painting.word) ?? new Map(), tiles))
  }
  viewStore.setState({ onWordPaint: take })
  const stops = [
    wordsStore.subscribe((state, old) => {
      const { tool } = toolStore.getState()
      if (state.painting !== null && tool !== 'word-paint') before = tool
      if (state.painting !== old.painting) arm(state, old, before)
      else if (state.painting && state.paint.get(state.painting.word)?.size === 0 && (old.paint.get(state.painting.word)?.size ?? 0) > 0) canvasPort()?.setWordPaint(null)
    }),
    toolStore.subscribe(({ tool, options }) => {
      const { painting, setPainting } = wordsStore.getState()
      if (!painting) return
      if (tool !== 'word-paint') setPainting(null)
      else if (options.wordSign !== painting.sign) setPainting({ ...painting, sign: options.wordSign })
    }),
  ]
  return () => {
    viewStore.setState({ onWordPaint: null })
    for (const stop of stops) stop()
  }
}

/** Takes the word brush into the hand for a word, or puts it away for the tool that was in the hand before. */
function arm({ painting, paint }: WordsState, old: WordsState, before: ToolId): void {
  if (!painting) {
    canvasPort()?.setWordPaint(null)
    void wordsStore.getState().show(null)
    if (toolStore.getState().tool === 'word-paint') chooseTool(before)
    return
  }
  if (painting.word !== old.painting?.word) canvasPort()?.setWordPaint([...(paint.get(painting.word)?.values() ?? [])])
  // at once: a sign that changes while another tool is in the hand would look like that tool being taken
  toolStore.setState(({ options }) => ({ tool: 'word-paint', held: null, options: { ...options, wordSign: painting.sign } }))
}
