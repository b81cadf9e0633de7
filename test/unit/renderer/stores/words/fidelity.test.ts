import { describe, expect, it } from 'vitest'
import type { StagedEdit } from '../../../../../preload/contract/edits.ts'
import { gradeOf, measuredBy } from '../../../../../renderer/stores/words/fidelity.ts'

const edit = (kind: string, metrics: StagedEdit['results'][number]['metrics']): StagedEdit => ({
  operation: 1, kind, title: kind, createdAt: 0, results: [{ ordinal: 0, box: { x: 0, y: 0, width: 1, height: 1 }, media: 'm', seed: null, metrics, changedOutside: 0 }],
})

describe('how well a picture comes back', () => {
  it('is told by the newest swap that measured it', () => {
    const edits = [edit('swap', { fidelityPsnr: 31 }), edit('swap', { fidelityPsnr: 21.5 }), edit('inpaint', { fidelityPsnr: 40 })]
    expect(measuredBy(edits)).toEqual({ psnr: 21.5, faithful: false })
    expect(gradeOf(measuredBy(edits)!)).toBe('fair')
    expect(gradeOf(measuredBy(edits.slice(0, 1))!)).toBe('faithful')
  })

  it('is not known without one, nor from a swap that drew its picture', () => {
    expect(measuredBy([])).toBeNull()
    expect(measuredBy([edit('inpaint', {}), edit('swap', { fidelityPsnr: null })])).toBeNull()
  })
})
