/** The packages that are in a packed program, from package-lock.json: the same list on every system. */
import fs from 'node:fs'
import path from 'node:path'
import { textFor } from './texts.ts'

/** A package as the notices name it. */
export interface ShippedPackage {
  readonly name: string
  readonly version: string
  /** SPDX expression */
  readonly licence: string
  /** its licence in full */
  readonly text: string
}

interface LockEntry { readonly version: string; readonly license?: string; readonly dependencies?: Record<string, string>; readonly optionalDependencies?: Record<string, string> }

/** What the window is made of; its packages are development dependencies, since they are bundled. */
const BUNDLED_IN_WINDOW = ['react', 'react-dom', '@mantine/core', '@mantine/hooks', '@mantine/notifications', '@tabler/icons-react', 'konva', 'zustand']
/** Needed to install or compile, never shipped. */
const NOT_SHIPPED = /^(adm-zip|global-agent|node-addon-api|node-(linux|win|darwin)-\w+)$/
/** Systems we pack for; binaries of others are in the lock file and nowhere else. */
const OUR_BINARIES = /^@img\/sharp-(libvips-)?(linux|darwin|win32)-(x64|arm64)$/

/** Every package that is shipped on some system, by name. @throws Error when one has no licence text */
export function shippedPackages(root: string): ShippedPackage[] {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as { packages: Record<string, LockEntry> }
  const own = packages['']!
  const found = new Map<string, LockEntry>()
  const visit = (name: string): void => {
    const entry = packages[`node_modules/${name}`]
    if (!entry || found.has(name) || NOT_SHIPPED.test(name) || (name.startsWith('@img/sharp-') && !OUR_BINARIES.test(name))) return
    found.set(name, entry)
    for (const needed of Object.keys({ ...entry.dependencies, ...entry.optionalDependencies })) visit(needed)
  }
  for (const name of [...Object.keys(own.dependencies ?? {}), ...BUNDLED_IN_WINDOW]) visit(name)
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, entry]) => {
    const licence = entry.license ?? ''
    return { name, version: entry.version, licence, text: textFor(path.join(root, 'node_modules'), name, licence) }
  })
}
