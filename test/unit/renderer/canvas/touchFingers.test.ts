import { describe, expect, it } from 'vitest'
import { type FingerEvent, TouchFingers } from '../../../../renderer/canvas/stage/touchFingers.ts'

/** Touches a screen and writes down what came of it. */
class Screen {
  readonly log: string[] = []
  time = 0
  readonly fingers = new TouchFingers<FingerEvent>({
    press: (event) => this.log.push(`press ${event.clientX}`), drag: (event) => this.log.push(`drag ${event.clientX}`), lift: (event) => this.log.push(`lift ${event.clientX}`), drop: () => this.log.push('drop'),
    fingers: (fingers) => this.log.push(fingers ? `view ${fingers.centre.x} ${Math.round(fingers.span)}` : 'let go'), place: ({ clientX, clientY }) => ({ x: clientX, y: clientY }),
  })

  at(pointerId: number, clientX: number, clientY = 0): FingerEvent {
    return { pointerId, clientX, clientY, timeStamp: (this.time += 10) }
  }
}

describe('fingers on a touch screen', () => {
  it('let one finger paint from where it touched, once it has moved', () => {
    const screen = new Screen()
    screen.fingers.down(screen.at(1, 100))
    screen.fingers.move(screen.at(1, 103))
    expect(screen.log).toEqual([])
    screen.fingers.move(screen.at(1, 110))
    screen.fingers.move(screen.at(1, 130))
    screen.fingers.up(screen.at(1, 131))
    expect(screen.log).toEqual(['press 100', 'drag 110', 'drag 130', 'lift 131'])
  })

  it('take a touch that does not move as a click', () => {
    const screen = new Screen()
    screen.fingers.down(screen.at(1, 100))
    screen.fingers.up(screen.at(1, 101))
    expect(screen.log).toEqual(['press 100', 'lift 101'])
  })

  it('never paint when two come together: they hold the view', () => {
    const screen = new Screen()
    screen.fingers.down(screen.at(1, 100))
    screen.fingers.down(screen.at(2, 200))
    screen.fingers.move(screen.at(2, 300))
    screen.fingers.up(screen.at(1, 100))
    screen.fingers.move(screen.at(2, 400))
    screen.fingers.up(screen.at(2, 400))
    expect(screen.log).toEqual(['view 150 100', 'view 200 200', 'let go'])
  })

  it('take a stroke back when the second finger comes late', () => {
    const screen = new Screen()
    screen.fingers.down(screen.at(1, 100))
    screen.fingers.move(screen.at(1, 120))
    screen.fingers.down(screen.at(2, 200))
    screen.fingers.up(screen.at(2, 200))
    screen.fingers.up(screen.at(1, 120))
    expect(screen.log).toEqual(['press 100', 'drag 120', 'drop', 'view 160 80', 'let go'])
  })

  it('ignore the palm while a pen draws, and take back what the palm began', () => {
    const screen = new Screen()
    screen.fingers.down(screen.at(1, 100))
    screen.fingers.move(screen.at(1, 120))
    screen.fingers.pen(screen.time, true)
    screen.fingers.move(screen.at(1, 140))
    screen.fingers.down(screen.at(2, 200))
    screen.fingers.move(screen.at(2, 260))
    screen.fingers.up(screen.at(2, 260))
    expect(screen.log).toEqual(['press 100', 'drag 120', 'drop'])
  })

  it('let one finger move the view for a minute after a pen was there, and paint again later', () => {
    const screen = new Screen()
    screen.fingers.pen(screen.time, false)
    screen.fingers.down(screen.at(1, 100))
    screen.fingers.move(screen.at(1, 150))
    screen.fingers.up(screen.at(1, 150))
    expect(screen.log).toEqual(['view 100 1', 'view 150 1', 'let go'])
    screen.time += 61_000
    screen.fingers.down(screen.at(2, 100))
    screen.fingers.up(screen.at(2, 100))
    expect(screen.log.slice(3)).toEqual(['press 100', 'lift 100'])
  })
})
