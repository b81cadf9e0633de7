// Runs fuzz cases [from, to) of a seed and sends each result to the parent: SEED FROM TO TEMPLATES SCRATCH
import { runCase } from './checkpointCases.ts'

const [seed, from, to] = process.argv.slice(2, 5).map(Number) as [number, number, number]
const [templates, scratch] = process.argv.slice(5) as [string, string]
for (let number = from; number < to; number++) {
  const result = await runCase(seed, number, templates, scratch)
  await new Promise<void>((resolve, reject) => process.send!(result, (error: Error | null) => (error ? reject(error) : resolve())))
}
process.disconnect()
