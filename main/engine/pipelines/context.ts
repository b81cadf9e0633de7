/** What every pipeline is given: the models, the machine, and a way to tell how far it is. */
import type { ModelStore } from '../families/modelStore.ts'
import type { EngineEvent } from '../requests.ts'
import type { LoadedCheckpoint, RunCounts } from './loadedCheckpoint.ts'
import type { SpeedBook } from './speed.ts'

/** Options of a run that decide which sessions it needs. */
export interface CheckpointOptions {
  /** device by name, or `auto` */
  readonly device: string
  readonly fast: boolean
  /** configuration of a single file */
  readonly configDir?: string | undefined
}

/** Everything a pipeline may use. */
export interface RunContext {
  readonly store: ModelStore
  readonly speed: SpeedBook
  /** folder for what may be deleted at any time */
  readonly cacheDir: string
  readonly signal: AbortSignal | undefined
  readonly emit: (event: EngineEvent) => void
  /** The checkpoint with its nets, kept between runs. */
  checkpoint(model: string, options: CheckpointOptions): Promise<LoadedCheckpoint>
  /**
   * The next run may use the models from now on, while this one writes what it made. Optional: a run that ends has left them.
   * @returns what this run counted; `loaded` counts for others afterwards
   */
  leaveModels(loaded: LoadedCheckpoint): RunCounts
  /** Other checkpoints' nets are freed; for runs that need the memory. */
  makeRoom(keep: LoadedCheckpoint): Promise<void>
}

/** Sends a warning: a whole sentence that a person should read, under a stable code. */
export function warn(context: RunContext, code: string, message: string): void {
  context.emit({ event: 'warning', code, message })
}
