/** `node netOnDevice.ts DEVICE FIXTURE`: prints, as JSON, how far a net's first case is from PyTorch on a device, unfused. */
import { openSession } from '../../main/engine/runtime/session.ts'
import type { DeviceName } from '../../main/engine/runtime/session.ts'
import { cleanUp, loadNetFixture, relativeError } from './netFixtures.ts'
import { GRAPH_BUILDERS } from './netGraphs.ts'

const [device, name] = process.argv.slice(2) as [DeviceName, string]
const fixture = loadNetFixture(name)
const one = fixture.cases[0]!
const session = await openSession(GRAPH_BUILDERS[name]!(fixture, one, false), { device })
const outputs = await session.run(one.inputs)
const errors = Object.entries(one.outputs).map(([key, expected]) => relativeError(outputs[key], expected))
process.stdout.write(JSON.stringify({ device: session.device, error: Math.max(...errors) }))
await session.dispose()
cleanUp()
