import { describe, expect, it } from 'vitest'
import { planProbe, readProbe } from '../../../../../main/engine/nets/probe.ts'
import { captionOf } from '../../../../../main/engine/pipelines/describe.ts'

const config = {
  input: { side: 16 },
  convs: [[4, 2]],
  classes: ['cat', 'house'],
  heads: [
    { name: 'present', labels: ['cat', 'house'], perClass: false, kind: 'yes-no' },
    { name: 'colour', labels: ['red', 'orange'], perClass: true, kind: 'choice' },
    { name: 'place', labels: ['left', 'right'], perClass: true, kind: 'choice' },
    { name: 'background', labels: ['beach', 'city'], perClass: false, kind: 'choice' },
  ],
}

describe('reading a probe', () => {
  it('takes per-class labels from the rows of the classes that are present', () => {
    // present 2, colour 2x2, place 2x2, background 2
    const logits = Float32Array.from([2, 1, /* colour */ 0, 3, 5, 0, /* place */ 0, 1, 2, 0, /* background */ 4, 1])
    const record = readProbe(planProbe(config), logits)
    expect(record.objects.map(({ class: name, attributes }) => [name, attributes])).toEqual([
      ['cat', { colour: 'orange', place: 'right' }],
      ['house', { colour: 'red', place: 'left' }],
    ])
    expect(record.picture).toEqual({ background: 'beach' })
    expect(captionOf(record)).toBe('a red house on the left and an orange cat on the right at the beach')
  })

  it('says so when it sees nothing', () => {
    const record = readProbe(planProbe(config), Float32Array.from([-1, -2, 0, 3, 5, 0, 0, 1, 2, 0, 1, 4]))
    expect(captionOf(record)).toBe('an empty scene in the city')
  })

  it('words night, weather and other styles as the starter was taught', () => {
    const objects = [{ class: 'cat', confidence: 1, attributes: { size: 'small', colour: 'blue', pattern: 'striped', place: 'middle' } }]
    expect(captionOf({ objects, picture: { background: 'meadow', style: 'night', weather: 'snow' } })).toBe('a small blue striped cat in the middle on a meadow at night, snow')
    expect(captionOf({ objects, picture: { background: 'meadow', style: 'sketch', weather: 'clear' } })).toBe('a sketch of a small blue striped cat in the middle on a meadow')
  })
})
