// Runs fuzz cases [from, to) of a seed and sends each result to the parent: SEED FROM TO (TEMPLATES) SCRATCH
import fs from 'node:fs'
import path from 'node:path'
import { pictureTemplates, runPictureCase } from './pictureCases.ts'

const [seed, from, to] = process.argv.slice(2, 5).map(Number) as [number, number, number]
const scratch = fs.mkdtempSync(path.join(process.argv[6]!, 'pictures-'))
const templates = await pictureTemplates()
for (let number = from; number < to; number++) {
  const result = await runPictureCase(seed, number, templates, scratch)
  await new Promise<void>((resolve, reject) => process.send!(result, (error: Error | null) => (error ? reject(error) : resolve())))
}
process.disconnect()
