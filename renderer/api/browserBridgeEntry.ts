/** Installs the browser bridge as `window.palimpsest`; the served page runs this before anything else. */
import { BRIDGE_CONTRACT, makeBrowserBridge } from './browserBridge.ts'
import { type SocketLike, WireConnection } from './wireConnection.ts'

const address = `${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/bridge`
const connection = new WireConnection({
  open: () => new WebSocket(address) as SocketLike,
  contract: BRIDGE_CONTRACT,
  // the program was updated while the page was open
  onOldPage: () => location.reload(),
})
window.palimpsest = makeBrowserBridge(connection, document)
