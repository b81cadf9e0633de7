/** Largest piece of an upload, bytes. Alone in its file: Electron's preload needs the number and not the schemas. */
export const CHUNK_BYTES = 8 * 2 ** 20
