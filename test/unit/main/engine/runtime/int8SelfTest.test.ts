import { expect, test } from 'vitest'
import { int8IsExact, refuseInt8 } from '../../../../../main/engine/runtime/int8SelfTest.ts'

test('int8 nets are refused on other devices with a sentence', async () => {
  expect(await refuseInt8('webgpu')).toBe('--fast is for the CPU; on webgpu the nets run as they are.')
})

test('on the CPU the answer follows the measurement', async () => {
  const exact = await int8IsExact()
  expect(typeof exact).toBe('boolean')
  expect(await refuseInt8('cpu')).toEqual(exact ? null : expect.stringContaining('VNNI'))
})
