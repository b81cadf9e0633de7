/**
 * From the browser's pointer, wheel and key events to what tools understand. The pointer is captured while a button is
 * down, so that a stroke that leaves the canvas goes on and ends where it should; every reading between two events
 * (getCoalescedEvents) is passed on.
 */
import type { Point } from '../geometry/affine.ts'
import type { Fingers } from '../geometry/fingers.ts'
import type { Modifiers } from '../tools/toolTypes.ts'
import { TouchFingers } from './touchFingers.ts'

/** A pointer event before the view is known. */
export interface RawPointer extends Modifiers {
  readonly screen: Point
  readonly pressure: number
  readonly pen: boolean
  /** the pen is held with its eraser to the glass */
  readonly eraser: boolean
  /** 0 main, 1 middle, 2 secondary; a pen's eraser is its main one */
  readonly button: number
  readonly clicks: number
  readonly readings: readonly { readonly screen: Point; readonly pressure: number }[]
}

/** A wheel, touchpad or pinch. CSS pixels. */
export interface RawWheel extends Modifiers {
  readonly screen: Point
  readonly dx: number
  readonly dy: number
  /** pinch on a touchpad: browsers report it as a wheel with Ctrl that no key holds */
  readonly pinch: boolean
  /** two fingers on a touchpad rather than a wheel with notches */
  readonly smooth: boolean
}

/** Who is told. */
export interface InputHandlers {
  down(pointer: RawPointer): void
  move(pointer: RawPointer): void
  up(pointer: RawPointer): void
  /** the browser took the pointer away */
  cancel(): void
  leave(): void
  wheel(wheel: RawWheel): void
  /** two fingers on a touch screen, or one beside a pen, hold the view; null: they let go */
  fingers(fingers: Fingers | null): void
  modifiers(held: Modifiers): void
}

/** Clicks closer than this, in time and place, count as one series. */
const CLICK_MS = 400
const CLICK_PX = 5
/** The eraser of a pen, as a button and among the buttons held. */
const ERASER = { button: 5, buttons: 32 } as const

/** Listens until it is closed. */
export class PointerInput {
  readonly #root: HTMLElement
  readonly #handlers: InputHandlers
  readonly #stop = new AbortController()
  readonly #touch: TouchFingers<PointerEvent>
  #space = false
  #ctrlKey = false
  #pressed: number | null = null
  #button = 0
  #lastDown = { at: -Infinity, screen: { x: 0, y: 0 }, clicks: 0 }

  constructor(root: HTMLElement, handlers: InputHandlers) {
    this.#root = root
    this.#handlers = handlers
    const options = { signal: this.#stop.signal }
    this.#touch = new TouchFingers({
      press: (event) => this.#down(event), drag: (event) => this.#move(event), lift: (event) => this.#up(event), drop: () => this.#drop(),
      fingers: (fingers) => handlers.fingers(fingers), place: (event) => this.#place(event),
    })
    this.#listen('pointerdown', (event) => this.#down(event), (event) => this.#touch.down(event))
    this.#listen('pointermove', (event) => this.#move(event), (event) => this.#touch.move(event))
    this.#listen('pointerup', (event) => this.#up(event), (event) => this.#touch.up(event))
    for (const name of ['pointercancel', 'lostpointercapture'] as const) this.#listen(name, (event) => this.#lost(event), (event) => this.#touch.cancel(event))
    root.addEventListener('pointerleave', () => this.#pressed === null && handlers.leave(), options)
    root.addEventListener('wheel', (event) => this.#wheel(event), { ...options, passive: false })
    root.addEventListener('contextmenu', (event) => event.preventDefault(), options)
    root.addEventListener('auxclick', (event) => event.preventDefault(), options)
    window.addEventListener('keydown', (event) => this.#key(event, true), options)
    window.addEventListener('keyup', (event) => this.#key(event, false), options)
    window.addEventListener('blur', () => this.#released(), options)
  }

  /** Whether the space bar is held outside of a text field. */
  get space(): boolean {
    return this.#space
  }

  /** Stops listening. */
  close(): void {
    this.#stop.abort()
  }

  /** Fingers go their own way; a pen tells that a hand lies beside it. */
  #listen(name: 'pointerdown' | 'pointermove' | 'pointerup' | 'pointercancel' | 'lostpointercapture', pointer: (event: PointerEvent) => void, finger: (event: PointerEvent) => void): void {
    this.#root.addEventListener(name, (event) => {
      if (event.pointerType === 'pen') this.#touch.pen(event.timeStamp, event.buttons !== 0)
      if (event.pointerType !== 'touch') return pointer(event)
      if (name === 'pointerdown') event.preventDefault() // no mouse events after it
      finger(event)
    }, { signal: this.#stop.signal })
  }

  #down(event: PointerEvent): void {
    if (this.#pressed !== null) return // a second finger or button during a gesture
    this.#root.focus({ preventScroll: true })
    if (event.pointerType !== 'touch') this.#root.setPointerCapture(event.pointerId) // a finger is captured by itself
    this.#pressed = event.pointerId
    this.#button = event.button
    const screen = this.#place(event)
    const near = Math.hypot(screen.x - this.#lastDown.screen.x, screen.y - this.#lastDown.screen.y) <= CLICK_PX
    const clicks = near && event.timeStamp - this.#lastDown.at <= CLICK_MS ? this.#lastDown.clicks + 1 : 1
    this.#lastDown = { at: event.timeStamp, screen, clicks }
    event.preventDefault()
    this.#handlers.down(this.#pointer(event, [event]))
  }

  #move(event: PointerEvent): void {
    if (this.#pressed !== null && event.pointerId !== this.#pressed) return
    const readings = event.getCoalescedEvents?.() ?? []
    this.#handlers.move(this.#pointer(event, readings.length > 0 ? readings : [event]))
  }

  #up(event: PointerEvent): void {
    if (event.pointerId !== this.#pressed || event.button !== this.#button) return
    this.#pressed = null
    this.#handlers.up(this.#pointer(event, [event]))
    if (this.#root.hasPointerCapture(event.pointerId)) this.#root.releasePointerCapture(event.pointerId)
  }

  #lost(event: PointerEvent): void {
    if (event.pointerId === this.#pressed) this.#drop()
  }

  #drop(): void {
    this.#pressed = null
    this.#handlers.cancel()
  }

  #wheel(event: WheelEvent): void {
    event.preventDefault()
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? this.#root.clientHeight : 1
    const [dx, dy] = [event.deltaX * unit, event.deltaY * unit]
    // a wheel turns by whole notches along one axis; two fingers give broken or small or sideways amounts
    const smooth = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL && (dx !== 0 || !Number.isInteger(dy) || Math.abs(dy) < 40)
    this.#handlers.wheel({ screen: this.#place(event), dx, dy, pinch: event.ctrlKey && !this.#ctrlKey, smooth, ...this.#held(event) })
  }

  #key(event: KeyboardEvent, down: boolean): void {
    if (event.key === 'Control' || event.key === 'Meta') this.#ctrlKey = down
    if (event.code === 'Space' && !isTyping(event.target)) {
      this.#space = down
      if (this.#root.contains(document.activeElement) || document.activeElement === document.body) event.preventDefault() // no scrolling, no pressing of buttons
    }
    if (['Space', 'ShiftLeft', 'ShiftRight', 'AltLeft', 'AltRight', 'ControlLeft', 'ControlRight', 'MetaLeft', 'MetaRight'].includes(event.code)) this.#handlers.modifiers(this.#held(event))
  }

  #released(): void {
    this.#space = false
    this.#ctrlKey = false
    this.#handlers.modifiers({ shift: false, alt: false, mod: false, space: false })
  }

  #pointer(event: PointerEvent, readings: readonly PointerEvent[]): RawPointer {
    const pen = event.pointerType === 'pen'
    const corner = this.#corner() // asked once: a pen gives dozens of readings an event
    const pressureOf = (reading: PointerEvent): number => (pen ? reading.pressure : 1) // a mouse presses fully
    const button = event.type === 'pointermove' ? this.#button : event.button
    return {
      ...this.#held(event), screen: this.#place(event, corner), pressure: pressureOf(event), pen,
      eraser: pen && ((event.buttons & ERASER.buttons) !== 0 || button === ERASER.button), button: button === ERASER.button ? 0 : button,
      clicks: this.#lastDown.clicks, readings: readings.map((reading) => ({ screen: this.#place(reading, corner), pressure: pressureOf(reading) })),
    }
  }

  #held(event: { readonly shiftKey: boolean; readonly altKey: boolean; readonly ctrlKey: boolean; readonly metaKey: boolean }): Modifiers {
    return { shift: event.shiftKey, alt: event.altKey, mod: event.ctrlKey || event.metaKey, space: this.#space }
  }

  #place(event: { readonly clientX: number; readonly clientY: number }, corner = this.#corner()): Point {
    return { x: event.clientX - corner.x, y: event.clientY - corner.y }
  }

  #corner(): Point {
    const { left, top } = this.#root.getBoundingClientRect()
    return { x: left, y: top }
  }
}

/** Whether keys go into a text. */
export function isTyping(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.closest('input, textarea, select') !== null)
}
