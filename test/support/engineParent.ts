/** A program that starts an engine, says the engine's pid, and keeps it busy: what a test kills to see what is left. */
import { EngineClient } from '../../main/engine-host/client.ts'

const client = new EngineClient({
  engineModule: new URL('./fakeEngine.ts', import.meta.url).href,
  onNotice: (notice) => {
    if (notice.kind === 'ready') {
      process.stdout.write(`${notice.pid}\n`)
      void client.run({ fake: { does: 'block', ms: 60_000 } })
    }
  },
})
client.run({ fake: { does: 'echo' } }).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exit(1)
})
