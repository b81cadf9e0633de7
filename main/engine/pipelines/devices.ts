/** `devices`: what this machine can run on. */
import type { EngineResult, RequestOf } from '../requests.ts'
import type { RunContext } from './context.ts'

/** Lists the devices with their verdicts. */
export async function devices(_context: RunContext, _request: RequestOf<'devices'>): Promise<EngineResult> {
  return { devices: [{ name: 'cpu', available: true, attention: 'fused' }] }
}
