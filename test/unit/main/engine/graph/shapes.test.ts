import { describe, expect, it } from 'vitest'
import { addDims, broadcastDims, countElements, divideDims, fixedDims, formatDims, multiplyDims, normaliseAxis, resolveReshape, windowedDim } from '../../../../../main/engine/graph/shapes.ts'

describe('symbolic dimensions', () => {
  it('multiply in one canonical order, so that equal sizes are equal text', () => {
    expect(multiplyDims('width', multiplyDims('height', 4))).toBe(multiplyDims(multiplyDims(4, 'width'), 'height'))
    expect(multiplyDims('height', 4)).toBe('4*height')
    expect(multiplyDims(2, multiplyDims('height', 4))).toBe('8*height')
    expect(multiplyDims(3, 5)).toBe(15)
    expect(multiplyDims('h+1', 1)).toBe('h+1')
    expect(multiplyDims('h+1', 2)).toBe('2*(h+1)')
    expect(multiplyDims('2*(h+1)', 3)).toBe('6*(h+1)')
    expect(countElements(['batch', 4, 'height', 'width'])).toBe('4*batch*height*width')
  })

  it('divide where the quotient is whole, and only there', () => {
    expect(divideDims('8*height*width', '2*width')).toBe('4*height')
    expect(divideDims('4*height', 8)).toBeNull()
    expect(divideDims('height', 'width')).toBeNull()
    expect(divideDims(12, 4)).toBe(3)
    expect(divideDims('h', 'h')).toBe(1)
  })

  it('add numbers, and keep symbols as text', () => {
    expect(addDims([3, 4])).toBe(7)
    expect(addDims(['height', 1])).toBe('height+1')
    expect(addDims(['height', -1])).toBe('height-1')
    expect(addDims(['b', 'a'])).toBe('a+b')
  })

  it('print as people read them', () => {
    expect(formatDims([1, 'tokens', 768])).toBe('1 x tokens x 768')
    expect(formatDims([])).toBe('scalar')
    expect(fixedDims([1, 2])).toEqual([1, 2])
    expect(fixedDims([1, 'tokens'])).toBeNull()
  })
})

describe('shape rules', () => {
  it('broadcast as numpy does', () => {
    expect(broadcastDims('add', [2, 1, 4], [3, 1])).toEqual([2, 3, 4])
    expect(broadcastDims('add', ['batch', 4], [1])).toEqual(['batch', 4])
    expect(() => broadcastDims('add', [2, 3], [4])).toThrow('add: shapes 2 x 3 and 4 do not broadcast: axis 1 has 3 against 4.')
  })

  it('reshape with one size left open, numbers and symbols alike', () => {
    expect(resolveReshape('reshape', [2, 3, 4], [6, -1])).toEqual([6, 4])
    expect(resolveReshape('reshape', ['batch', 4, 'height', 'width'], ['batch', 4, -1])).toEqual(['batch', 4, 'height*width'])
    expect(() => resolveReshape('reshape', [2, 3], [4, 2])).toThrow('reshape: cannot view 2 x 3 (6 elements) as [4, 2].')
    expect(() => resolveReshape('reshape', [2, 3], [-1, -1])).toThrow('at most one -1')
    expect(() => resolveReshape('reshape', [2, 3], [4, -1])).toThrow('cannot view')
  })

  it('size windows', () => {
    expect(windowedDim('conv2d', 64, 1, 1, 3, 1)).toBe(64)
    expect(windowedDim('conv2d', 65, 1, 1, 3, 2)).toBe(33)
    expect(windowedDim('conv2d', 'height', 1, 1, 3, 1)).toBe('height')
    expect(() => windowedDim('conv2d', 2, 0, 0, 3, 1)).toThrow('a window of 3 does not fit into 2')
  })

  it('count negative axes from the back', () => {
    expect(normaliseAxis('softmax', -1, 4)).toBe(3)
    expect(() => normaliseAxis('softmax', 4, 4)).toThrow('softmax: expected an axis from -4 to 3 but received 4.')
  })
})
