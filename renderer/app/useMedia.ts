/** A picture of the host by its key, for components. */
import { useEffect } from 'react'
import { documentStore } from '../stores/documentStore.ts'
import { mediaStore, wantMedia } from '../stores/mediaStore.ts'
import { useStore } from '../stores/useStore.ts'

/** URL of the picture; null while it is read, when it cannot be had, and without a key. */
export function useMedia(key: string | null): string | null {
  const project = useStore(documentStore, (state) => state.project?.project ?? null)
  useEffect(() => {
    if (key !== null) wantMedia(key, project)
  }, [key, project])
  return useStore(mediaStore, ({ entries }) => (key === null ? null : (entries.get(key)?.url ?? null)))
}
