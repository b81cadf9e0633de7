/**
 * The real window over the stand-in host of the panels. Tests choose its state in the address
 * (`?theme=dark&open=1&run=running`, see PanelOptions) and reach it as `window.panelPage`.
 */
import { openPicture } from '../window/fakePicture.ts'
import { PanelHost, type PanelOptions } from './panelHost.ts'

const query = new URLSearchParams(location.search)
const number = (name: string, otherwise: number): number => Number(query.get(name) ?? otherwise)
const options: PanelOptions = {
  theme: query.get('theme') === 'system' ? 'system' : 'dark', textZoom: number('zoom', 1), level: (query.get('level') ?? 'simple') as PanelOptions['level'], // tests write it
  recent: number('recent', 3), steps: number('steps', 8), open: number('open', 0) === 1, mask: number('mask', 1) === 1, results: number('results', 0), runMs: number('runMs', 1500), unlike: false, onboarded: number('onboarded', 1) === 1,
  description: query.get('description') ?? 'a red cat under the evening sky', wordsMs: number('wordsMs', 150), pictures: number('pictures', 240), run: (query.get('run') ?? 'none') as PanelOptions['run'], // tests write it
  downloads: number('downloads', 1) === 1,
}
const host = new PanelHost(options, await openPicture())
Object.assign(window, { palimpsest: host.bridge() })
await import('../../../../renderer/main.tsx')
const { openRecent } = await import('../../../../renderer/app/actions/open.ts')
const { runCommand } = await import('../../../../renderer/app/commands/registry.ts')
const { canvasPort } = await import('../../../../renderer/stores/canvasPort.ts')
const { wordsStore } = await import('../../../../renderer/stores/words.ts')
if (options.open) await openRecent('first')
Object.assign(window, { panelPage: { host, runCommand, canvasPort, wordsStore }, panelReady: true })
