/** One request in a fresh process: prints {result, peakBytes, seconds} as JSON. Started by measureCase of session.ts. */
import { existsSync, readFileSync } from 'node:fs'
import { openEngine } from './session.ts'

/** Where Linux tells a process's largest memory so far; other systems are not measured. */
const STATUS = '/proc/self/status'

const request: unknown = JSON.parse(process.argv[2]!)
const warmUp = process.argv[3] === 'warm'
const engine = openEngine()
if (warmUp) await engine.run(request)
const started = performance.now()
const result = await engine.run(request)
const seconds = (performance.now() - started) / 1000
const peakBytes = existsSync(STATUS) ? Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(STATUS, 'utf8'))?.[1] ?? 0) * 1024 : 0
process.stdout.write(`\n${JSON.stringify({ result, peakBytes, seconds })}\n`)
await engine.dispose()
