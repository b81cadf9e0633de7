import { requestSchemas } from '../../engine/requests.ts'
import type { CommandSpec } from '../commandSpec.ts'
import { reportTable, reportTree } from '../reports.ts'

/** Devices and their self-tests. */
export const devices: CommandSpec = {
  name: 'devices',
  summary: 'list where models can run, with the self-test of each',
  about: 'Lists where models can run here. At its first use each device computes a small fixed graph that is compared with the CPU.',
  examples: ['palimpsest devices', 'palimpsest devices --refresh'],
  schema: requestSchemas.devices,
  report: (result) => {
    const { devices: list } = result as { readonly devices?: readonly DeviceRow[] }
    if (!list) return reportTree(result)
    const rows = list.map((device) => [
      device.name, device.usable ? 'yes' : 'no', device.usable ? (device.fusedAttention ? 'fused' : 'plain') : '',
      device.usable ? `${Number(device.speedup.toPrecision(2))}x` : '', device.verdict,
    ])
    const tested = list.filter((device) => device.usable && device.rows.length > 0)
    const tables = tested.map((device) =>
      [`Self-test of ${device.name}, largest error against the CPU:`, ...device.rows.map(({ op, error }) => `  ${op.padEnd(32)} ${error < UNCOMPUTED ? error.toExponential(1) : 'not computed'}`)].join('\n'),
    )
    // as the engine chooses: software adapters and CoreML run only when asked for by name
    const chosen = list.find(({ name, usable, software }) => usable && !software && name !== 'coreml')?.name ?? 'cpu'
    return [reportTable(['device', 'usable', 'attention', 'speed', 'verdict'], rows), `Without --device, runs go to ${chosen}.`, ...tables].join('\n')
  },
}

/** What the self-test says of an op that the device could not compute at all. */
const UNCOMPUTED = 1e9

interface DeviceRow {
  readonly name: string
  readonly usable: boolean
  readonly fusedAttention: boolean
  /** against the CPU */
  readonly speedup: number
  readonly software: boolean
  readonly verdict: string
  readonly rows: readonly { readonly op: string; readonly error: number }[]
}
