/** One request in a fresh process: prints {result, peakBytes, seconds} as JSON. Started by measureCase. */
import { readFileSync } from 'node:fs'
import { createEngine } from '../../main/engine/index.ts'
import { checkoutEnvironment, palimpsestPaths } from '../../main/paths.ts'

const request: unknown = JSON.parse(process.argv[2]!)
const warmUp = process.argv[3] === 'warm'
const { data, cache, bundledModels } = palimpsestPaths({ env: { ...process.env, ...checkoutEnvironment() } })
const engine = createEngine({ bundledModels, dataDir: data, cacheDir: cache })
if (warmUp) await engine.run(request)
const started = performance.now()
const result = await engine.run(request)
const seconds = (performance.now() - started) / 1000
const peakBytes = Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? 0) * 1024
process.stdout.write(`\n${JSON.stringify({ result, peakBytes, seconds })}`)
