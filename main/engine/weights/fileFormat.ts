/** Recognises what a file is from its first bytes, so that a refusal can say what was found instead. */
import fs from 'node:fs'
import { badInput } from '../errors.ts'

/** Formats that people hand to an image editor as "the model". */
export type FileFormat =
  | 'empty' | 'pickle-zip' | 'pickle' | 'gguf' | 'onnx' | 'hdf5' | 'numpy' | 'html' | 'lfs-pointer' | 'json' | 'archive' | 'picture' | 'safetensors' | 'unknown'

/** How each format is called in a sentence. */
export const FORMAT_PHRASES: Readonly<Record<FileFormat, string>> = {
  empty: 'an empty file',
  'pickle-zip': 'a PyTorch pickle (a zip archive)',
  pickle: 'a Python pickle',
  gguf: 'a GGUF file',
  onnx: 'an ONNX model',
  hdf5: 'an HDF5 file',
  numpy: 'a NumPy array file',
  html: 'a web page (HTML), as a download that needed a login leaves it',
  'lfs-pointer': 'a Git LFS pointer (a few lines of text that stand for the real file)',
  json: 'a JSON text',
  archive: 'a compressed archive',
  picture: 'a picture',
  safetensors: 'a safetensors file',
  unknown: 'bytes of no known format',
}

/** Signatures at offset 0, most specific first. */
const SIGNATURES: readonly (readonly [readonly number[], FileFormat])[] = [
  [[0x47, 0x47, 0x55, 0x46], 'gguf'],
  [[0x50, 0x4b, 0x03, 0x04], 'pickle-zip'],
  [[0x89, 0x48, 0x44, 0x46], 'hdf5'],
  [[0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], 'numpy'],
  [[0x89, 0x50, 0x4e, 0x47], 'picture'],
  [[0xff, 0xd8, 0xff], 'picture'],
  [[0x1f, 0x8b], 'archive'],
  [[0x37, 0x7a, 0xbc, 0xaf], 'archive'],
  [[0x52, 0x61, 0x72, 0x21], 'archive'],
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a], 'archive'],
]

/**
 * Names the format of a file from up to 512 first bytes and its name.
 * A zip archive counts as a pickle only under the names PyTorch gives it, or with PyTorch's first member.
 */
export function sniffFormat(head: Uint8Array, name: string): FileFormat {
  if (head.length === 0) return 'empty'
  for (const [signature, format] of SIGNATURES) {
    if (!signature.every((byte, i) => head[i] === byte)) continue
    if (format !== 'pickle-zip') return format
    const torch = /\.(ckpt|pt|pth|bin)$/i.test(name) || /(^|\/)(data\.pkl|\.format_version|byteorder)/.test(Buffer.from(head).toString('latin1'))
    return torch ? 'pickle-zip' : 'archive'
  }
  if (head[8] === 0x7b && head.length > 9) return 'safetensors'
  if (head[0] === 0x80 && (head[1] ?? 0) <= 5) return 'pickle'
  const text = Buffer.from(head).toString('latin1').trimStart().toLowerCase()
  if (text.startsWith('version https://git-lfs')) return 'lfs-pointer'
  if (text.startsWith('<!doctype') || text.startsWith('<html')) return 'html'
  if (text.startsWith('{') || text.startsWith('[')) return 'json'
  if (/\.onnx$/i.test(name)) return 'onnx'
  return 'unknown'
}

/** A regular file's size and first bytes (at most 512). */
export interface FileHead { readonly size: number; readonly head: Uint8Array }

/**
 * Reads the first bytes of a file that must exist and be a regular file (a pipe would block for ever).
 * @throws EngineError weights/no-file (exit 2)
 */
export function readFileHead(file: string): FileHead {
  const stat = statOrRefuse(file, 'a file')
  if (!stat.isFile()) throw badInput('weights/no-file', { thing: file, expected: 'a file', found: stat.isDirectory() ? 'a folder' : 'a device or pipe' })
  const fd = openOrRefuse(file)
  try {
    const head = new Uint8Array(Math.min(512, stat.size))
    const read = fs.readSync(fd, head, 0, head.length, 0)
    return { size: stat.size, head: head.subarray(0, read) }
  } finally {
    fs.closeSync(fd)
  }
}

/**
 * fs.statSync that answers a missing or unreachable path with a sentence.
 * @throws EngineError weights/no-file (exit 2)
 */
export function statOrRefuse(file: string, expected: string): fs.Stats {
  try {
    return fs.statSync(file)
  } catch (cause) {
    throw badInput('weights/no-file', { thing: file, expected, found: systemReason(cause), cause })
  }
}

/**
 * Names in a folder, sorted.
 * @throws EngineError weights/no-file (exit 2) when it is no folder or cannot be listed
 */
export function listFolder(folder: string, expected: string): string[] {
  try {
    return fs.readdirSync(folder).sort()
  } catch (cause) {
    const found = (cause as NodeJS.ErrnoException).code === 'ENOTDIR' ? 'a file' : systemReason(cause)
    throw badInput('weights/no-file', { thing: folder, expected, found, cause })
  }
}

/**
 * fs.openSync for reading, with the same answer as {@link statOrRefuse}. The caller closes the descriptor.
 * @throws EngineError weights/no-file (exit 2)
 */
export function openOrRefuse(file: string): number {
  try {
    return fs.openSync(file, 'r')
  } catch (cause) {
    throw badInput('weights/no-file', { thing: file, expected: 'a readable file', found: systemReason(cause), cause })
  }
}

/** A file-system error in words a person knows; other errors keep their own message. */
export function systemReason(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'nothing at that path'
  if (code === 'EACCES' || code === 'EPERM') return 'no permission'
  if (code === 'ELOOP') return 'a symbolic link that points at itself'
  if (code === 'ENOSPC' || code === 'EDQUOT') return 'a full disk'
  if (code === 'EROFS') return 'a read-only disk'
  if (code === 'ENAMETOOLONG') return 'a name that is too long'
  return cause instanceof Error ? cause.message : String(cause)
}
