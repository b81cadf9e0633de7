/** Where the window was: kept in a small file, used only while it still lies on a screen. */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

const box = z.object({ x: z.number().int(), y: z.number().int(), width: z.number().int().min(200).max(20_000), height: z.number().int().min(200).max(20_000) })
const stateSchema = z.object({ bounds: box.optional(), maximized: z.boolean().default(false), folders: z.record(z.string(), z.string()).default({}) })

/** What the shell remembers: the window's place, and the folder each kind of dialog was last in. */
export type ShellState = z.output<typeof stateSchema>
/** A rectangle on the screens, in device-independent pixels. */
export type Bounds = z.output<typeof box>

const DEFAULT_SIZE = { width: 1440, height: 900 }
/** This much of the window's top must be on a screen, so that it can be taken hold of. */
const VISIBLE = { width: 120, height: 40 }

/** Reads the state; a missing or damaged file means an empty one. */
export function readShellState(file: string): ShellState {
  try {
    return stateSchema.parse(JSON.parse(fs.readFileSync(file, 'utf8')))
  } catch {
    return stateSchema.parse({}) // nothing of value is in it
  }
}

/** Keeps the state, whole or not at all. A folder that cannot be written costs only the memory. */
export function keepShellState(file: string, state: ShellState): void {
  const temporary = `${file}.${process.pid}.tmp`
  try {
    fs.mkdirSync(path.dirname(file), { recursive: true })
    fs.writeFileSync(temporary, JSON.stringify(state))
    fs.renameSync(temporary, file)
  } catch {
    removeQuietly(temporary)
  }
}

function removeQuietly(file: string): void {
  try {
    fs.rmSync(file, { force: true })
  } catch {
    // its folder is none: then nothing was written either
  }
}

/** Bounds to open the window with: the old ones where a screen still shows their top, else the default size, which the system centres. */
export function fittingBounds(saved: Bounds | undefined, screens: readonly Bounds[]): Bounds | { width: number; height: number } {
  const onScreen = (screen: Bounds): boolean =>
    saved !== undefined &&
    Math.min(saved.x + saved.width, screen.x + screen.width) - Math.max(saved.x, screen.x) >= VISIBLE.width &&
    saved.y >= screen.y - 1 && saved.y + VISIBLE.height <= screen.y + screen.height
  const screen = screens.find(onScreen)
  if (saved && screen) return { ...saved, width: Math.min(saved.width, screen.width), height: Math.min(saved.height, screen.height) }
  const first = screens[0]
  return { width: Math.min(DEFAULT_SIZE.width, first?.width ?? DEFAULT_SIZE.width), height: Math.min(DEFAULT_SIZE.height, first?.height ?? DEFAULT_SIZE.height) }
}
