/** `media://stored/<key>`: a stored picture by its opaque key, read through the host. No path, no folder, no range of ids to guess. */
import { mediaKey, projectId } from '../../preload/contract/ids.ts'
import type { Result } from '../../preload/contract/result.ts'
import { SECURITY_HEADERS } from './assets.ts'

/** Scheme of stored pictures. */
export const MEDIA_SCHEME = 'media'
/** The key stands in the path: a host's letters would be made small. */
const MEDIA_HOST = 'stored'
const TYPES = new Set(['image/png', 'image/jpeg', 'image/webp'])

/** The call that answers an address, or undefined when it is none of ours. */
export function mediaCall(address: string): { readonly key: string; readonly project?: string } | undefined {
  if (!URL.canParse(address)) return undefined
  const url = new URL(address)
  const key = mediaKey.safeParse(url.pathname.slice(1))
  const project = url.searchParams.get('project')
  if (url.protocol !== `${MEDIA_SCHEME}:` || url.host !== MEDIA_HOST || !key.success) return undefined
  if (project === null) return { key: key.data }
  return projectId.safeParse(project).success ? { key: key.data, project } : undefined
}

/** Answers a request of the window for a stored picture. */
export async function serveMedia(request: { readonly url: string; readonly method: string }, call: (method: string, input: unknown) => Promise<Result<unknown>>): Promise<Response> {
  const refuse = (status: number): Response => new Response(null, { status, headers: { ...SECURITY_HEADERS } })
  if (request.method !== 'GET') return refuse(405)
  const input = mediaCall(request.url)
  if (!input) return refuse(400)
  const result = await call('media.read', input)
  if (!result.ok) return refuse(404)
  const { bytes, media } = result.value as { bytes: Uint8Array<ArrayBuffer>; media: string } // the host checks its answers against the contract
  const type = TYPES.has(media) ? media : 'application/octet-stream'
  // a key names the same bytes for ever; the session alone may keep them
  return new Response(bytes, { headers: { ...SECURITY_HEADERS, 'Content-Type': type, 'Cache-Control': 'private, max-age=3600' } })
}
