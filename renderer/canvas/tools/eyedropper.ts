/** Eyedropper: takes the colour under the pointer while it is pressed. */
import type { Point } from '../geometry/affine.ts'
import type { State, ToolDefinition, ToolSurface } from './toolTypes.ts'

/** Asks for the colour at a place and makes it the brush's. */
export async function pickInto(surface: ToolSurface, at: Point): Promise<void> {
  const colour = await surface.pick(at)
  if (colour) surface.setOptions({ colour })
  surface.emit({ type: 'colour', colour })
}

/** See the file's head. */
export const eyedropperTool: ToolDefinition = {
  id: 'eyedropper',
  title: 'Eyedropper',
  start: (surface) => {
    // one question at a time; the newest place is asked for when the answer is there
    let [asking, next]: [boolean, Point | null] = [false, null]
    const ask = async (at: Point): Promise<void> => {
      next = at
      if (asking) return
      asking = true
      while (next) {
        const place: Point = next
        next = null
        await pickInto(surface, place)
      }
      asking = false
    }
    const idle: State = {
      name: 'idle',
      enter: () => {
        surface.cursor('pipette')
        surface.hints([{ keys: 'Drag', does: 'look for a colour' }])
      },
      down: (pointer) => {
        if (pointer.button !== 0) return
        void ask(pointer.at)
        return picking
      },
    }
    const picking: State = {
      name: 'picking',
      move: ({ at }) => void ask(at),
      up: () => idle,
      cancel: () => idle,
    }
    return idle
  },
}
