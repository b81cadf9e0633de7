/** Runs the self-test of one device in a process of its own, so that a driver that crashes takes nothing with it. */
import { selfTest } from './selfTest.ts'
import type { DeviceName } from './session.ts'

const device = process.argv[2] as DeviceName // written by device.ts
const verdict = await selfTest(device)
// Infinity is no JSON
process.stdout.write(JSON.stringify(verdict, (_, value: unknown) => (value === Infinity ? 1e9 : value)))
