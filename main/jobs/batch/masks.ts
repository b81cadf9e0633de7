/** Finding the mask of a picture among files by rules: `{name}_mask.png`, `masks/{name}.*`. */
import path from 'node:path'
import { listFiles } from './findPictures.ts'
import { pathPattern } from './patterns.ts'

/** What a search found: the file, relative to the folder of masks, or why there is none. */
export type FoundMask = { readonly file: string } | { readonly sentence: string }

/** Rules that are tried after those a person gave, when they named a folder of masks. */
export const USUAL_RULES: readonly string[] = ['{name}.*', '{name}_mask.*', '{name}-mask.*', '{name}.mask.*', 'mask_{name}.*']

/** A folder of masks, listed once. */
export interface MaskFolder {
  /** absolute */
  readonly folder: string
  readonly files: readonly string[]
}

/** Lists a folder of masks, its subfolders included. */
export function openMaskFolder(folder: string, leaveOut: readonly string[]): MaskFolder {
  return { folder, files: listFiles(folder, { deep: true, leaveOut }) }
}

/**
 * The mask of a picture by the first rule that fits a file. A rule is tried in the picture's own subfolder, then from
 * the top. `{name}` is the picture's name without its ending, `{dir}` its folder, `{ext}` its ending; `*` and `?` stand
 * for any letters.
 * @param key the picture's relative path
 * @param picture its absolute path: it is never its own mask
 */
export function findMask(masks: MaskFolder, rules: readonly string[], key: string, picture: string): FoundMask {
  const { dir, name, ext } = path.posix.parse(key)
  for (const rule of rules) {
    const places = dir === '' || rule.includes('{dir}') ? [rule] : [`{dir}/${rule}`, rule]
    for (const place of places) {
      const test = pathPattern(place, { name, dir, ext: ext.slice(1) })
      const fits = masks.files.filter((file) => test.test(file) && path.join(masks.folder, file) !== picture)
      if (fits.length === 1) return { file: fits[0]! }
      if (fits.length > 1) return { sentence: `${key}: expected one mask called ${rule}, found ${fits.length} (${fits.slice(0, 3).join(', ')}); make the rule narrower.` }
    }
  }
  return { sentence: `${key}: expected a mask called ${rules.join(' or ')} in ${masks.folder}, found none; it was skipped.` }
}
