/** The smallest PNG writer that does: 8-bit grey, for masks that are plain shapes. Pictures are the engine's business. */
import zlib from 'node:zlib'

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])

/** A grey PNG. @param row gives the row's bytes, `width` of them; the same buffer may come again */
export function greyPng(width: number, height: number, row: (y: number) => Uint8Array): Buffer {
  const raw = Buffer.alloc((width + 1) * height)
  for (let y = 0; y < height; y++) raw.set(row(y), y * (width + 1) + 1) // filter byte 0 before each row
  const head = Buffer.alloc(13)
  head.writeUInt32BE(width, 0)
  head.writeUInt32BE(height, 4)
  head[8] = 8 // bits; colour type, compression, filter and interlace are 0
  return Buffer.concat([SIGNATURE, chunk('IHDR', head), chunk('IDAT', zlib.deflateSync(raw, { level: 6 })), chunk('IEND', Buffer.alloc(0))])
}

/** A white mask with a black box in it, both in pixels of the mask. */
export function frameMask(width: number, height: number, hole: { readonly x: number; readonly y: number; readonly width: number; readonly height: number }): Buffer {
  const white = new Uint8Array(width).fill(255)
  const open = Uint8Array.from(white)
  open.fill(0, Math.max(0, hole.x), Math.max(0, Math.min(width, hole.x + hole.width)))
  return greyPng(width, height, (y) => (y >= hole.y && y < hole.y + hole.height ? open : white))
}

function chunk(type: string, data: Buffer): Buffer {
  const out = Buffer.alloc(12 + data.length)
  out.writeUInt32BE(data.length, 0)
  out.write(type, 4, 'latin1')
  data.copy(out, 8)
  out.writeUInt32BE(zlib.crc32(out.subarray(4, 8 + data.length)), 8 + data.length)
  return out
}
