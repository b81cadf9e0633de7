/** What the app lays over the picture: how masks look, a word's glow, a live preview. */
import type { AttentionGlow, LivePreview, MaskLook } from '../editorTypes.ts'
import { type Edges, edgesOf } from '../geometry/boxes.ts'
import type { Inlay } from './overlayPainter.ts'
import { glowPixels } from './ramps.ts'

const DEFAULT_LOOK: MaskLook = { visible: true, colour: null, opacity: 0.5, pattern: true, outline: true }

/** See the file's head. Tells which box of the canvas must be painted again, null for everything. */
export class Overlays {
  readonly #changed: (box: Edges | null) => void
  #look: MaskLook = DEFAULT_LOOK
  #glow: Inlay | null = null
  #preview: Inlay | null = null

  constructor(changed: (box: Edges | null) => void) {
    this.#changed = changed
  }

  /** How masks look. */
  get look(): MaskLook {
    return this.#look
  }

  /** Glow and preview, topmost first. */
  get inlays(): readonly Inlay[] {
    return [this.#glow, this.#preview].filter((inlay) => inlay !== null)
  }

  /** Changes how masks look. */
  setMaskLook(look: Partial<MaskLook>): void {
    this.#look = { ...this.#look, ...look }
    this.#changed(null)
  }

  /** Shows a word's attention. */
  setGlow(glow: AttentionGlow | null, opacity: number): void {
    this.#glow = this.#replace(this.#glow, glow && { ...glow, bytes: glowPixels(glow.bytes) }, opacity)
  }

  /** Shows a preview. */
  setPreview(preview: LivePreview | null): void {
    this.#preview = this.#replace(this.#preview, preview, 1)
  }

  /** Takes glow and preview away. */
  clear(): void {
    this.#glow = this.#replace(this.#glow, null, 1)
    this.#preview = this.#replace(this.#preview, null, 1)
  }

  #replace(old: Inlay | null, now: Pick<LivePreview, 'width' | 'height' | 'box'> & { readonly bytes: Uint8Array | Uint8ClampedArray } | null, opacity: number): Inlay | null {
    if (old) this.#changed(edgesOf(old.box))
    if (!now) return null
    const picture = new OffscreenCanvas(now.width, now.height)
    const pixels = new Uint8ClampedArray(now.bytes) // a copy: the message's buffer goes its own way
    picture.getContext('2d')!.putImageData(new ImageData(pixels, now.width, now.height), 0, 0)
    this.#changed(edgesOf(now.box))
    return { picture, box: now.box, opacity }
  }
}
