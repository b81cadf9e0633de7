/**
 * The real window over a host that lives in the page. Tests choose its state in the address:
 * `?theme=dark&open=1&steps=200&results=3&zoom=1.25` (see HostOptions), and reach it as `window.windowPage`.
 */
import { openPicture } from './fakePicture.ts'
import { type HostOptions, FakeHost } from './fakeHost.ts'

const query = new URLSearchParams(location.search)
const number = (name: string, otherwise: number): number => Number(query.get(name) ?? otherwise)
const options: HostOptions = {
  theme: query.get('theme') === 'system' ? 'system' : 'dark', textZoom: number('zoom', 1), level: query.get('level') === 'expert' ? 'expert' : query.get('level') === 'advanced' ? 'advanced' : 'simple',
  recent: number('recent', 3), steps: number('steps', 12), open: query.get('open') === '1', mask: query.get('mask') !== '0', results: number('results', 0), runMs: number('run', 400), unlike: query.get('unlike') === '1', onboarded: query.get('onboarded') !== '0',
}
const host = new FakeHost(options, await openPicture())
window.palimpsest = host.bridge()
Object.assign(window, { windowPage: { host } })
await import('../../../../renderer/main.tsx')
if (options.open) {
  const { openRecent } = await import('../../../../renderer/app/actions/open.ts')
  await openRecent('first')
}
Object.assign(window, { windowReady: true })
