/** Streams one after another, read chunk by chunk. */
import { type Duplex, type Readable, pipeline } from 'node:stream'

/**
 * The chunks that come out of the last stream. A fault of any of them is thrown; whoever stops reading early ends
 * them all, quietly.
 */
export async function* through(streams: readonly [Readable, ...Duplex[]]): AsyncGenerator<Buffer> {
  const last: Readable = streams.length === 1 ? streams[0] : pipeline([...streams], () => undefined) as Duplex // faults also reach the loop below
  try {
    for await (const chunk of last) yield chunk as Buffer // none of them is in object mode or decodes text
  } finally {
    for (const stream of streams) stream.destroy()
  }
}
