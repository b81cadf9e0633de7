/** Pictures by media key, as object URLs: thumbnails, results, differences. The least recently used are let go. */
import { createStore } from 'zustand/vanilla'
import { call } from '../api/client.ts'

const MOST = 600

type Entry = { readonly url: string | null; readonly failed: boolean }
/** Key to URL; `url` is null while it is read. */
export const mediaStore = createStore<{ readonly entries: ReadonlyMap<string, Entry> }>(() => ({ entries: new Map() }))

const used = new Map<string, number>()
const arrived = new Map<string, Entry>()
let clock = 0

/** Makes sure that a picture is there or on its way. */
export function wantMedia(key: string, project: string | null): void {
  used.delete(key)
  used.set(key, ++clock)
  if (arrived.has(key) || mediaStore.getState().entries.has(key)) return
  put(key, { url: null, failed: false })
  call('media.read', project ? { key, project } : { key })
    .then(({ bytes, media }) => put(key, { url: URL.createObjectURL(new Blob([bytes as Uint8Array<ArrayBuffer>], { type: media })), failed: false })) // bytes of a message are never shared memory
    .catch(() => put(key, { url: null, failed: true })) // an empty frame says it
}

/** A screenful of rows asks for a screenful of pictures at once: they are taken together. */
function put(key: string, entry: Entry): void {
  if (arrived.size === 0) queueMicrotask(take)
  arrived.set(key, entry)
}

function take(): void {
  const entries = new Map([...mediaStore.getState().entries, ...arrived])
  arrived.clear()
  for (const old of used.keys()) {
    if (entries.size <= MOST) break
    const gone = entries.get(old)
    used.delete(old)
    entries.delete(old)
    if (gone?.url) URL.revokeObjectURL(gone.url)
  }
  mediaStore.setState({ entries })
}
