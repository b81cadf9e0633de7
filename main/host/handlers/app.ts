/** The program itself: what it is, settings, the network lock, the log, the engines' memory. */
import fs from 'node:fs'
import os from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { AppInfo, appMethods } from '../../../preload/contract/app.ts'
import type { HostParts } from '../host.ts'
import type { Topic } from './topic.ts'

/** What the engine's `devices` tells of one, in the order in which `auto` tries them. */
interface DeviceFacts {
  readonly name: string
  readonly builtIn: boolean
  readonly usable: boolean
  readonly software: boolean
  readonly verdict: string
}

/** The first picture is opened before the devices are looked at, milliseconds. */
const DEVICES_AFTER_MS = 3000

/** See {@link Topic}. */
export function appHandlers({ services, sessions }: HostParts): Topic<typeof appMethods> {
  const { setting, settings, network, engines, log, notices } = services
  let devices: AppInfo['devices'] = []
  let asked = false
  const info = (): AppInfo => ({
    version: setting.version, shell: setting.shell, platform: process.platform as AppInfo['platform'], engineVersion: setting.version, // other platforms do not start
    devices: [...devices], memoryBytes: os.totalmem(),
    notices: [...notices.standing().map(({ message }) => message), ...sessions.all().flatMap((session) => session.strokes.recovered().map(({ title }) => `"${title}" was being drawn when the program ended.`))],
  })
  const askDevices = async (): Promise<void> => {
    asked = true
    await sleep(DEVICES_AFTER_MS, undefined, { ref: false })
    const answer = await services.models.run({ task: 'devices' }, { urgency: 'idle' })
    devices = deviceRows(answer['devices'] as readonly DeviceFacts[]) // as the task tells it
    services.emit('app.changed', { info: info() })
  }
  return {
    'app.info': () => {
      // the first window must not wait for the self-tests of every device
      if (!asked) {
        askDevices().catch((error: unknown) => {
          asked = false
          log.write(`devices: ${String(error)}`)
        })
      }
      return info()
    },
    'app.notices': () => ({ text: fs.existsSync(setting.noticesFile) ? fs.readFileSync(setting.noticesFile, 'utf8') : 'The notices of third parties come with the packaged program; in a checkout each package has its own licence in node_modules.' }),
    'app.log': ({ lines }) => ({ text: services.scrub.text(log.tail(lines)) }),
    'settings.get': () => settings.get(),
    'settings.set': ({ change }) => {
      const changed = settings.set(change)
      if (changed.offlineLock !== network.status().locked) network.setLocked(changed.offlineLock)
      return changed
    },
    'network.status': () => network.status(),
    'network.lock': ({ locked }) => {
      settings.set({ offlineLock: locked })
      return network.setLocked(locked)
    },
    'engine.memory': async () => {
      const all = await Promise.all([engines.pixels.status(), engines.models.status()])
      const sum = (pick: (memory: { rssBytes: number; peakRssBytes: number }) => number): number => all.reduce((total, { memory }) => total + (memory ? pick(memory) : 0), 0)
      return { rssBytes: sum((memory) => memory.rssBytes), peakRssBytes: sum((memory) => memory.peakRssBytes), running: all.some(({ state }) => state === 'busy') }
    },
    'engine.unload': () => {
      engines.models.unload()
      return {}
    },
  }
}

function deviceRows(all: readonly DeviceFacts[]): AppInfo['devices'] {
  const rows = all.filter(({ builtIn }) => builtIn)
  const chosen = rows.find(({ usable, software }) => usable && !software)
  return rows.map((row) => ({ name: row.name, usable: row.usable, chosen: row === chosen, note: row.verdict }))
}
