/** `history export`: operations as a recipe with its masks, or the picture that one operation made. */
import fs from 'node:fs'
import path from 'node:path'
import { badInput } from '../engine/errors.ts'
import { writeDurably } from '../history/durableFiles.ts'
import type { BlobHash, OperationId } from '../history/ids.ts'
import type { ProjectReader } from '../history/projectReader.ts'
import { copyAsRecipe } from '../history/recipeFromHistory.ts'
import type { Outcome } from './commandSpec.ts'
import { checkOutputs } from './outputCheck.ts'
import { shortest } from './reports.ts'

/** Endings of a picture by its media type. */
const ENDINGS: Readonly<Record<string, readonly string[]>> = { 'image/png': ['.png'], 'image/jpeg': ['.jpg', '.jpeg'], 'image/webp': ['.webp'], 'image/tiff': ['.tif', '.tiff'] }

/**
 * Writes what `out` asks for by its ending.
 * @throws EngineError recipe/nothing, export/no-picture, output/... (exit 2)
 */
export function exportOperations(project: ProjectReader, operations: readonly OperationId[], out: string): Outcome {
  return path.extname(out).toLowerCase() === '.json' ? exportRecipe(project, operations, out) : exportPicture(project, operations, out)
}

function exportRecipe(project: ProjectReader, operations: readonly OperationId[], out: string): Outcome {
  checkOutputs([{ option: '--out', file: out, endings: ['.json'] }])
  const copied = copyAsRecipe(project, operations, path.parse(out).name)
  const folder = path.dirname(out)
  const files = copied.files.map(({ file, hash }) => ({ file: path.join(folder, file), hash }))
  const taken = files.find(({ file, hash }) => fs.existsSync(file) && !fs.readFileSync(file).equals(project.blob(hash)))
  if (taken) throw badInput('output/taken', { thing: taken.file, expected: 'a free name for the mask that the recipe aims by', found: 'another file', todo: 'write the recipe into another folder' })
  for (const { file, hash } of files) writeDurably(file, project.blob(hash))
  writeDurably(out, copied.text)
  const leftOut = copied.leftOut.length > 0 ? [`Left out: ${copied.leftOut.map((id) => `${id} (${project.operation(id).title})`).join(', ')}; only steps of the engine can be repeated elsewhere.`] : []
  return {
    result: { out, steps: copied.recipe.steps.length, masks: files.map(({ file }) => file), leftOut: copied.leftOut },
    text: [`Wrote ${shortest(out)} with ${copied.recipe.steps.length} ${copied.recipe.steps.length === 1 ? 'step' : 'steps'}${files.length > 0 ? ` and ${files.map(({ file }) => shortest(file)).join(', ')}` : ''}.`, ...leftOut].join('\n'),
  }
}

function exportPicture(project: ProjectReader, operations: readonly OperationId[], out: string): Outcome {
  if (operations.length !== 1) throw badInput('export/no-picture', { thing: '--out', expected: 'a recipe (.json) for several operations', found: path.basename(out) })
  const operation = project.operation(operations[0]!)
  const result = operation.results.find(({ chosen }) => chosen) ?? operation.results[0]
  if (!result) throw badInput('export/no-picture', { thing: `Operation ${operation.id}, "${operation.name ?? operation.title}"`, expected: 'one that made a picture', found: 'none', todo: 'export another operation' })
  const media = project.blobInfo(result.hash as BlobHash)?.media ?? ''
  checkOutputs([{ option: '--out', file: out, endings: ENDINGS[media] ?? [path.extname(out).toLowerCase()] }])
  writeDurably(out, project.blob(result.hash))
  return { result: { out, hash: result.hash, width: result.width, height: result.height }, text: `Wrote ${shortest(out)}, as operation ${operation.id} made it.` }
}
