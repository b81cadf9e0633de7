import { describe, expect, it } from 'vitest'
import { Company } from '../../../../../main/jobs/batch/company.ts'

/** Lets everything that can go on go on. */
const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0))

describe('company at work', () => {
  it('works together, but beside one who is alone there is nobody, and nobody overtakes', async () => {
    const company = new Company()
    const begun: string[] = []
    const ends = new Map<string, () => void>()
    const come = (name: string, how: 'together' | 'alone'): void => void company[how]().then((end) => {
      begun.push(name)
      ends.set(name, end)
    })
    come('a', 'together')
    come('b', 'together')
    come('c', 'alone')
    come('d', 'together')
    await settle()
    expect(begun).toEqual(['a', 'b'])
    ends.get('a')!()
    await settle()
    expect(begun).toEqual(['a', 'b'])
    ends.get('b')!()
    await settle()
    expect(begun).toEqual(['a', 'b', 'c'])
    ends.get('c')!()
    await settle()
    expect(begun).toEqual(['a', 'b', 'c', 'd'])
  })
})
