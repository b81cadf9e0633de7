/** Runs one tool: hands events to the state it is in and follows it to the next. */
import type { State, ToolDefinition, ToolKey, ToolPointer, ToolSurface } from './toolTypes.ts'

/** See the file's head. */
export class ToolMachine {
  readonly definition: ToolDefinition
  readonly #surface: ToolSurface
  #state: State

  /** Enters the tool's first state. */
  constructor(definition: ToolDefinition, surface: ToolSurface) {
    this.definition = definition
    this.#surface = surface
    this.#state = definition.start(surface)
    this.#state.enter?.()
  }

  /** Name of the state, for tests and messages. */
  get state(): string {
    return this.#state.name
  }

  /** Whether a gesture is under way. */
  get busy(): boolean {
    return this.#state.name !== 'idle'
  }

  /** A button went down. */
  down(pointer: ToolPointer): void {
    this.#follow(this.#state.down?.(pointer))
  }

  /** The pointer moved, pressed or not. */
  move(pointer: ToolPointer): void {
    this.#follow(this.#state.move?.(pointer))
  }

  /** The button went up. */
  up(pointer: ToolPointer): void {
    this.#follow(this.#state.up?.(pointer))
  }

  /** A key went down. @returns whether the tool used it */
  key(key: ToolKey): boolean {
    if (key.code === 'Escape' && this.busy) {
      this.cancel()
      return true
    }
    const answer = this.#state.key?.(key)
    if (typeof answer === 'object') this.#follow(answer)
    return answer !== undefined && answer !== false
  }

  /** Takes back what the gesture began, and ends it. */
  cancel(): void {
    if (!this.busy) return
    this.#follow(this.#state.cancel?.() ?? this.definition.start(this.#surface))
  }

  /** Leaves the tool: a gesture under way is taken back. */
  leave(): void {
    if (this.busy) this.cancel()
    this.#state.exit?.()
    this.#surface.sketch([])
  }

  /** Something it draws from has changed. */
  refresh(): void {
    this.#state.refresh?.()
  }

  #follow(next: State | void): void {
    if (!next || next === this.#state) return
    this.#state.exit?.()
    this.#state = next
    next.enter?.()
  }
}
