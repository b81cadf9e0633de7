/** Settings: one JSON file in the data folder. What this version does not know is kept as it is. */
import fs from 'node:fs'
import path from 'node:path'
import { type Settings, settings as settingsSchema } from '../../preload/contract/app.ts'
import type { Json } from '../../preload/contract/ids.ts'
import { badInput } from '../engine/errors.ts'
import { makeFolder, writeDurably } from '../history/durableFiles.ts'

/** Reads and writes the settings. */
export class SettingsFile {
  readonly #file: string
  readonly #onChange: (settings: Settings) => void
  #current: Settings

  /**
   * @param onDamaged told why a file that is there could not be used; the defaults are, and the file is kept beside it
   */
  constructor(dataDir: string, options: { readonly onChange: (settings: Settings) => void; readonly onDamaged: (reason: string) => void }) {
    this.#file = path.join(dataDir, 'settings.json')
    this.#onChange = options.onChange
    this.#current = read(this.#file, options.onDamaged)
  }

  /** The settings, defaults filled in. */
  get(): Settings {
    return this.#current
  }

  /**
   * Changes some settings; null takes one back to its default. On the disk when it returns.
   * @throws EngineError settings/value (exit 2), project/disk-full
   */
  set(change: Readonly<Record<string, Json>>): Settings {
    const next: Record<string, unknown> = { ...this.#current }
    for (const [key, value] of Object.entries(change)) {
      if (value === null) delete next[key]
      else next[key] = value
    }
    const parsed = settingsSchema.safeParse(next)
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!
      throw badInput('settings/value', { thing: `The setting "${issue.path.join('.')}"`, expected: 'a value that it can take', found: issue.message })
    }
    makeFolder(path.dirname(this.#file))
    writeDurably(this.#file, `${JSON.stringify(parsed.data, null, 2)}\n`)
    this.#current = parsed.data
    this.#onChange(this.#current)
    return this.#current
  }
}

function read(file: string, onDamaged: (reason: string) => void): Settings {
  if (!fs.existsSync(file)) return settingsSchema.parse({})
  try {
    const value = JSON.parse(fs.readFileSync(file, 'utf8')) as Record<string, unknown>
    const parsed = settingsSchema.safeParse(value)
    if (parsed.success) return parsed.data
    // one bad value must not cost the person all the others
    const bad = new Set(parsed.error.issues.map((issue) => String(issue.path[0])))
    onDamaged(`the values of ${[...bad].join(', ')} were not understood and are back at their defaults`)
    return settingsSchema.parse(Object.fromEntries(Object.entries(value).filter(([key]) => !bad.has(key))))
  } catch (error) {
    fs.copyFileSync(file, `${file}.damaged`)
    onDamaged(`the file could not be read (${(error as Error).message}); it is kept beside the new one`)
    return settingsSchema.parse({})
  }
}
