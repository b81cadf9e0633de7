import { z } from 'zod'
import { hasScreen, openBrowser } from '../../serve/openBrowser.ts'
import { serveHost } from '../../serve/servedHost.ts'
import type { ProcedureSpec } from '../commandSpec.ts'

const schema = z.object({
  root: z.string().min(1).optional().describe('folder that holds the projects; a folder of the program when left out'),
  port: z.number().int().min(0).max(65535).default(0).describe('port to listen on; 0 takes a free one'),
  host: z.string().min(1).default('127.0.0.1').describe('name or address to listen on; leave it, and reach it from elsewhere through an SSH tunnel'),
  open: z.boolean().default(true).describe('open the editor in the browser, where this machine has a screen'),
})

/** The editor in a browser. */
export const serve: ProcedureSpec = {
  name: 'serve',
  summary: 'serve the editor to a browser on this machine',
  about:
    'Serves the editor on a port of this machine and prints its address; the token in it lets one browser in. Made for machines without a screen: see docs/serve.md for an SSH tunnel. ' +
    'Ctrl-C ends it; everything is saved by then.',
  examples: ['palimpsest serve', 'palimpsest serve --root pictures --port 8123 --no-open'],
  schema,
  inputPaths: ['root'],
  placeholders: { root: '<folder>', host: '<address>' },
  perform: async (request, { around, printer, signal }) => {
    const { root, port, host, open } = schema.parse(request)
    const { PALIMPSEST_ENGINE_MODULE: engineModule, PALIMPSEST_WINDOW: folder, PALIMPSEST_BRIDGE: bridge } = around.env // the tests' own
    const served = await serveHost({
      paths: around.paths, port, address: host, ...(root === undefined ? {} : { root }), ...(engineModule ? { engineModule } : {}), ...(folder && bridge ? { window: { folder, bridge } } : {}),
    })
    try {
      printer.happened('serving', { url: served.url, port: served.port }, `Palimpsest is at ${served.url}\nCtrl-C ends it.`)
      if (open && hasScreen(around.env, process.platform) && !(await openBrowser(served.url))) printer.note('No browser could be opened; open the address yourself.')
      await new Promise<void>((resolve) => {
        if (signal.aborted) resolve()
        else signal.addEventListener('abort', () => resolve(), { once: true })
      })
    } finally {
      await served.close()
    }
    return { result: { port: served.port }, text: 'Ended.' }
  },
}
