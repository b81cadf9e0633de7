/** Refusing ZIP files that are no project. */
import { type EngineError, badInput } from '../../engine/errors.ts'

/** The refusal of a ZIP file: `name` is the archive, `found` what is wrong with it. */
export function refuseZip(name: string, code: string, found: string, todo?: string): EngineError {
  return badInput(`zip/${code}`, { thing: name, expected: 'a zipped Palimpsest project', found, todo: todo ?? 'nothing was unpacked' })
}
