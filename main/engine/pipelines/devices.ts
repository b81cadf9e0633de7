/** `devices`: what this machine can run on, and what the self-test said of each. */
import type { EngineResult, RequestOf } from '../requests.ts'
import { listDevices } from '../runtime/device.ts'
import type { RunContext } from './context.ts'

/** Lists the devices in the order in which `auto` tries them. */
export async function devices(context: RunContext, request: RequestOf<'devices'>): Promise<EngineResult> {
  return { devices: await listDevices({ cacheDir: context.cacheDir, refresh: request.refresh }) }
}
