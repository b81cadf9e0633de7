/** Content keys of weight files: a cheap sampled one, and the full sha256 for verification. */
import fs from 'node:fs'
import { createHash } from 'node:crypto'
import { throwIfCancelled } from '../errors.ts'
import { openOrRefuse } from './fileFormat.ts'
import type { SafetensorsHeader } from './safetensors.ts'
import { type FileIdentity, hashParts } from './weightIndex.ts'

/** Samples per file and their size: half a megabyte read in all, a few milliseconds even for 4 GB. */
const SAMPLES = 128
const SAMPLE_BYTES = 4096

/**
 * Identifies a weight file without reading all of it: `contentHash` is sha256 over the size, the whole header
 * and 128 evenly spread samples of 4 KiB of the data. Training, merging and quantising change every tensor,
 * so different models differ in it; a single flipped bit may not (that is what `models verify` is for).
 * @throws EngineError weights/no-file
 */
export function identifyFile(header: SafetensorsHeader): FileIdentity {
  const fd = openOrRefuse(header.file)
  try {
    const hash = createHash('sha256').update(`${header.size}:`).update(header.headerBytes)
    const sample = new Uint8Array(SAMPLE_BYTES)
    const dataBytes = header.size - header.dataStart
    const count = Math.min(SAMPLES, Math.ceil(dataBytes / SAMPLE_BYTES))
    for (let i = 0; i < count; i++) {
      const last = Math.max(0, dataBytes - SAMPLE_BYTES)
      const offset = count === 1 ? 0 : Math.floor((last * i) / (count - 1))
      const read = fs.readSync(fd, sample, 0, SAMPLE_BYTES, header.dataStart + offset)
      hash.update(sample.subarray(0, read))
    }
    return { file: header.file, contentHash: hash.digest('hex'), fingerprint: statFingerprint(header.file, fs.fstatSync(fd, { bigint: true })) }
  } finally {
    fs.closeSync(fd)
  }
}

/** Changes whenever a file on this machine may hold other bytes: path, size, device, inode and both times. */
export function statFingerprint(file: string, stat: fs.BigIntStats): string {
  return hashParts([file, ...[stat.size, stat.dev, stat.ino, stat.mtimeNs, stat.ctimeNs].map(String)])
}

/**
 * sha256 (hex) of a whole file, streamed.
 * @param onBytes called with the number of bytes hashed so far
 * @throws EngineError weights/no-file, CancelledError
 */
export async function sha256OfFile(file: string, options: { signal?: AbortSignal; onBytes?: (done: number) => void } = {}): Promise<string> {
  fs.closeSync(openOrRefuse(file)) // a readable file, or the sentence that says why not
  const hash = createHash('sha256')
  let done = 0
  for await (const chunk of fs.createReadStream(file, { highWaterMark: 4 << 20 })) {
    throwIfCancelled(options.signal)
    hash.update(chunk as Buffer)
    done += (chunk as Buffer).length
    options.onBytes?.(done)
  }
  return hash.digest('hex')
}
