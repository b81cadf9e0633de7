/**
 * The ring that shows where and how large a brush paints: outer ring its size, dashed inner ring where it begins to
 * soften, a dot in the middle. An element of its own, so that moving it redraws no canvas.
 */
import type { Point } from '../geometry/affine.ts'

/** Rings smaller or larger than this, CSS pixels across, are a crosshair instead. */
const LEAST = 4
const MOST = 1400

/** See the file's head. */
export class BrushCursor {
  readonly #root: SVGSVGElement
  #key = ''
  #half = 0

  constructor(parent: HTMLElement) {
    this.#root = document.createElementNS('http://www.w3.org/2000/svg', 'svg')
    this.#root.setAttribute('aria-hidden', 'true')
    Object.assign(this.#root.style, { position: 'absolute', left: '0', top: '0', pointerEvents: 'none', willChange: 'transform', display: 'none', overflow: 'visible' })
    parent.append(this.#root)
  }

  /**
   * Shows the ring. @returns false when it would be too small or too large: show a crosshair instead
   * @param diameter CSS pixels
   * @param sign + and - for brushes that add or take away
   */
  show(at: Point, diameter: number, hardness: number, sign: '+' | '-' | ''): boolean {
    const fits = diameter >= LEAST && diameter <= MOST
    this.#root.style.display = fits ? 'block' : 'none'
    if (!fits) return false
    const key = `${diameter.toFixed(1)}/${hardness.toFixed(2)}/${sign}`
    if (key !== this.#key) this.#build(diameter, hardness, sign)
    this.#key = key
    this.#root.style.transform = `translate(${at.x - this.#half}px, ${at.y - this.#half}px)`
    return true
  }

  /** Hides it. */
  hide(): void {
    this.#root.style.display = 'none'
  }

  /** Removes it from the page. */
  close(): void {
    this.#root.remove()
  }

  #build(diameter: number, hardness: number, sign: string): void {
    const radius = diameter / 2
    this.#half = Math.ceil(radius) + 3
    this.#root.setAttribute('width', String(2 * this.#half))
    this.#root.setAttribute('height', String(2 * this.#half))
    const circle = (r: number, colour: string, width: number, dash = ''): string =>
      `<circle cx="${this.#half}" cy="${this.#half}" r="${r}" fill="none" stroke="${colour}" stroke-width="${width}"${dash && ` stroke-dasharray="${dash}"`}/>`
    // white on black shows on every picture
    const rings = circle(radius, 'rgba(0,0,0,.65)', 2.5) + circle(radius, 'rgba(255,255,255,.95)', 1)
    const inner = radius * hardness
    const soft = radius - inner > 3 && inner > 3 ? circle(inner, 'rgba(0,0,0,.4)', 1.5, '3 4') + circle(inner, 'rgba(255,255,255,.7)', 0.75, '3 4') : ''
    this.#root.innerHTML = rings + soft + (radius > 9 ? this.#mark(sign) : '')
  }

  /** A plus, a minus, or a dot in the middle. */
  #mark(sign: string): string {
    const c = this.#half
    const path = sign === '+' ? `M${c - 4} ${c}h8M${c} ${c - 4}v8` : sign === '-' ? `M${c - 4} ${c}h8` : ''
    if (!path) return `<circle cx="${c}" cy="${c}" r="1.5" fill="#fff" stroke="rgba(0,0,0,.65)"/>`
    return `<path d="${path}" stroke="rgba(0,0,0,.65)" stroke-width="3" stroke-linecap="round"/><path d="${path}" stroke="#fff" stroke-width="1.25" stroke-linecap="round"/>`
  }
}
