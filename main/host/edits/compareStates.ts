/** Two places of a document's history side by side, as pictures and in numbers. */
import fs from 'node:fs'
import path from 'node:path'
import type { Comparison } from '../../../preload/contract/history.ts'
import { badInput } from '../../engine/errors.ts'
import type { OperationId } from '../../history/ids.ts'
import type { DocumentSession } from '../documents/documentSession.ts'

/** Flattens both and compares them. @throws EngineError history/other-size (exit 2) */
export async function compareStates(session: DocumentSession, a: OperationId, b: OperationId): Promise<Comparison> {
  const { services, opened } = session
  return services.scratch.within(async (folder) => {
    const [left, right] = [path.join(folder, 'a'), path.join(folder, 'b')]
    for (const side of [left, right]) fs.mkdirSync(side)
    const before = await session.pixels.composite(left, a)
    const after = await session.pixels.composite(right, b)
    if (before.width !== after.width || before.height !== after.height)
      throw badInput('history/other-size', { thing: 'Two steps to compare', expected: 'pictures of one size', found: `${before.width} x ${before.height} and ${after.width} x ${after.height}`, todo: 'compare steps between the same crops' })
    const out = path.join(folder, 'difference.png')
    const facts = await services.pixels.run({ task: 'difference', a: before.file, b: after.file, out })
    const key = (name: string): string => `${name} ${opened.id} ${session.document} ${a} ${b}`
    const media = async (name: string, file: string): Promise<string> => services.media.keep(key(name), await display(session, file, folder), 'image/png')
    const number = (value: unknown): number => (typeof value === 'number' ? value : 0)
    return {
      a: await media('a', before.file), b: await media('b', after.file), difference: services.media.keep(key('difference'), fs.readFileSync(out), 'image/png'),
      changedPixels: number(facts['changedPixels']), largest: number(facts['largest']), psnr: typeof facts['psnr'] === 'number' ? facts['psnr'] : null,
      box: (facts['box'] ?? null) as Comparison['box'], // as the task tells it; checked on the way out
    }
  })
}

/** A picture in a form that every window shows. */
async function display(session: DocumentSession, file: string, folder: string): Promise<Uint8Array> {
  const out = path.join(folder, `shown-${path.basename(path.dirname(file))}.png`)
  await session.services.pixels.run({ task: 'picture', image: file, out, recipe: false })
  return fs.readFileSync(out)
}
