/** Bytes of a picture as a URL for as long as a component shows them. */
import { useEffect, useState } from 'react'

/** See the file's head; null without bytes. */
export function useBlobUrl(picture: { readonly bytes: Uint8Array; readonly media: string } | null): string | null {
  const [url, setUrl] = useState<string | null>(null)
  useEffect(() => {
    if (!picture) return
    const made = URL.createObjectURL(new Blob([picture.bytes as Uint8Array<ArrayBuffer>], { type: picture.media })) // bytes of a message are never shared memory
    setUrl(made)
    return () => {
      setUrl(null)
      URL.revokeObjectURL(made)
    }
  }, [picture])
  return url
}
