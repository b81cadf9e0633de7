/** Messages about the program itself: what it is, settings, the network lock, log. */
import { z } from 'zod'
import { appErrorSchema } from './appError.ts'
import { json } from './ids.ts'

/** What the window needs to know when it opens. `shell` tells which host it talks to. */
export const appInfo = z.object({
  version: z.string(),
  shell: z.enum(['electron', 'browser']),
  platform: z.enum(['linux', 'darwin', 'win32']),
  engineVersion: z.string(),
  /** devices with the self-test's verdict; `chosen` is what `auto` takes */
  devices: z.array(z.object({ name: z.string(), usable: z.boolean(), chosen: z.boolean(), note: z.string() })),
  memoryBytes: z.number(),
  /** strokes and runs left over from a crash, a sentence each */
  notices: z.array(z.string()),
})
/** See {@link appInfo}. */
export type AppInfo = z.output<typeof appInfo>

/**
 * What a person can set. Unknown keys are kept (a newer version's), so that going back and forth loses nothing.
 * `level` is how much of each panel is shown; `keymap` holds only the shortcuts that differ from the defaults.
 */
export const settings = z.looseObject({
  theme: z.enum(['system', 'light', 'dark']).default('system'),
  language: z.string().default('en'),
  textZoom: z.number().min(0.75).max(2).default(1),
  reducedMotion: z.enum(['system', 'on', 'off']).default('system'),
  level: z.enum(['simple', 'advanced', 'expert']).default('simple'),
  keymap: z.record(z.string(), z.array(z.string())).default({}),
  device: z.string().default('auto'),
  idleUnloadMinutes: z.number().min(0).max(1440).default(10),
  maskColour: z.string().regex(/^#[0-9a-fA-F]{6}$/).default('#e5484d'),
  maskOpacity: z.number().min(0).max(1).default(0.5),
  offlineLock: z.boolean().default(true),
  mirror: z.string().default(''),
  proxy: z.string().default(''),
  autoInvert: z.boolean().default(true),
  onboarded: z.boolean().default(false),
  panels: z.record(z.string(), json).default({}),
})
/** See {@link settings}. */
export type Settings = z.output<typeof settings>

/** Requests the program made to anywhere outside this machine since it started. */
export const networkStatus = z.object({ locked: z.boolean(), requests: z.number().int(), refused: z.number().int(), last: z.string().nullable() })
/** See {@link networkStatus}. */
export type NetworkStatus = z.output<typeof networkStatus>

/** Something the person should know; `sticky` stays until it is over (a full disk). */
export const notice = z.object({
  id: z.string(),
  level: z.enum(['info', 'warning', 'error']),
  message: z.string(),
  sticky: z.boolean(),
  /** the notice with this id is over */
  over: z.boolean().default(false),
  /** what Retry does, if anything: a command of the registry */
  action: z.object({ label: z.string(), command: z.string(), payload: json.optional() }).optional(),
  error: appErrorSchema.optional(),
})
/** See {@link notice}. */
export type Notice = z.output<typeof notice>

/** Methods about the program. */
export const appMethods = {
  'app.info': { input: z.object({}), output: appInfo },
  'app.notices': { input: z.object({}), output: z.object({ text: z.string() }).describe('third-party notices, for About') },
  'app.log': { input: z.object({ lines: z.number().int().min(1).max(5000).default(500) }), output: z.object({ text: z.string() }) },
  'settings.get': { input: z.object({}), output: settings },
  'settings.set': { input: z.object({ change: z.record(z.string(), json) }), output: settings },
  'network.status': { input: z.object({}), output: networkStatus },
  'network.lock': { input: z.object({ locked: z.boolean() }), output: networkStatus },
  'engine.memory': { input: z.object({}), output: z.object({ rssBytes: z.number(), peakRssBytes: z.number(), running: z.boolean() }) },
  'engine.unload': { input: z.object({}), output: z.object({}) },
} as const
