/** What the parts of a host share. */
import type { EventData, EventName, Given } from '../../preload/contract/channels.ts'
import type { JobQueue } from '../jobs/queue.ts'
import type { PalimpsestPaths } from '../paths.ts'
import type { EngineLane, HostEngine } from './engineLanes.ts'
import type { FileTable } from './fileTable.ts'
import type { SessionNames } from './ids.ts'
import type { LogFile } from './logFile.ts'
import type { MediaTable } from './media.ts'
import type { Downloads } from './net/downloads.ts'
import type { Network } from './net/network.ts'
import type { Notices } from './notices.ts'
import type { OpenProjects } from './openProjects.ts'
import type { Scratch } from './scratch.ts'
import type { PathScrubber } from './scrub.ts'
import type { SettingsFile } from './settingsFile.ts'

/** How a host is told where it is. */
export interface HostSetting {
  readonly paths: PalimpsestPaths
  /** which window it serves */
  readonly shell: 'electron' | 'browser'
  readonly version: string
  /** the bundled sample picture */
  readonly sample: string
  /** third-party notices, as shown in About */
  readonly noticesFile: string
}

/** See the file's head. Made once, in host.ts. */
export interface HostServices {
  readonly setting: HostSetting
  readonly emit: <E extends EventName>(event: E, data: Given<EventData<E>>) => void
  readonly log: LogFile
  readonly notices: Notices
  readonly settings: SettingsFile
  readonly scratch: Scratch
  readonly scrub: PathScrubber
  readonly names: SessionNames
  readonly files: FileTable
  readonly media: MediaTable
  readonly projects: OpenProjects
  /** the engine that never loads a model: tiles, masks, composing */
  readonly pixels: EngineLane
  /** the engine that runs the jobs */
  readonly models: EngineLane
  readonly engines: { readonly pixels: HostEngine; readonly models: HostEngine }
  readonly jobs: JobQueue
  readonly network: Network
  readonly downloads: Downloads
}
