import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { reportTree } from '../reports.ts'

/** Devices and their self-tests. */
export const devices: CommandSpec = {
  name: 'devices',
  summary: 'list where models can run, with the self-test of each',
  about: 'Lists where models can run here. At its first use each device computes a small fixed graph that is compared with the CPU.',
  examples: ['palimpsest devices', 'palimpsest devices --refresh'],
  schema: requestSchemas.devices,
  report: (result) => reportTree(result['devices'] ?? result),
}
