import { expect, it } from 'vitest'
import { outlineOf } from '../../../../../renderer/panels/edit/outlineOf.ts'

it('the outline of Expand holds the picture and what is added, and is none when nothing is', () => {
  const canvas = { width: 100, height: 40 }
  expect(outlineOf(canvas, { left: 0, right: 0, top: 0, bottom: 0 })).toBeNull()
  expect(outlineOf(canvas, { left: 8, right: 16, top: 0, bottom: 4 })).toEqual([{ x: -8, y: 0 }, { x: 116, y: 0 }, { x: 116, y: 44 }, { x: -8, y: 44 }])
})
