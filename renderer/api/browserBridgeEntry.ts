/** Installs the browser bridge as `window.palimpsest`; the served page runs this before anything else. */
import { BRIDGE_CONTRACT, makeBrowserBridge } from './browserBridge.ts'
import { type SocketLike, WireConnection } from './wireConnection.ts'

const address = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/bridge`
const connection = new WireConnection({
  open: () => new WebSocket(address) as SocketLike,
  contract: BRIDGE_CONTRACT,
  // the program was updated while the page was open
  onOldPage: () => location.reload(),
  onUnreachable: () => void tellStranger(),
})
window.palimpsest = makeBrowserBridge(connection, document)

/** A program that was started anew knows neither the browser nor its cookie; only the address it printed lets in again. */
async function tellStranger(): Promise<void> {
  const status = await fetch('/', { method: 'HEAD', cache: 'no-store' }).then((response) => response.status, () => 0)
  if (status !== 403) return
  connection.announce('notice', {
    id: 'stranger', level: 'error', sticky: true, over: false,
    message: 'Palimpsest was started anew and does not know this page any more. Open the address that it has printed; your project is in the list there, as it was last saved.',
  })
}
