/** Words for the stand-in host: chips, maps where each word is a soft spot, an inversion. */
import type { AttentionResult, InversionResult } from '../../../../preload/contract/edits.ts'

/** Words that the stand-in model knows. */
export const VOCABULARY = ['a', 'red', 'blue', 'cat', 'dog', 'in', 'the', 'snow', 'sky', 'hills', 'evening', 'under', 'and', 'with', 'tree', 'sun']
/** Side of the maps. */
export const MAP_SIDE = 32
/** What an inversion gives. */
export const FIDELITY: InversionResult = { method: 'direct', psnr: 27.3, ssim: 0.91, seconds: 4.2, faithful: true, errorMap: 'errormap-0' }

/** Chips of a text. */
export function chipsOf(text: string): { text: string; word: string; known: boolean; tokens: number }[] {
  return text.split(/\s+/).filter((word) => word !== '').map((word) => {
    const plain = word.replace(/^[^\p{L}\p{N}]+|[^\p{L}\p{N}]+$/gu, '')
    return { text: word, word: plain, known: plain === '' || VOCABULARY.includes(plain.toLowerCase()), tokens: 1 }
  })
}

/** The words of a description, each with a map. */
export function attentionOf(text: string, maps: string): AttentionResult {
  const words = chipsOf(text).filter(({ word }) => word !== '')
  return { maps, width: MAP_SIDE, height: MAP_SIDE, words: words.map(({ word }, index) => ({ word, index, diffuse: word.length < 3 })) }
}

/** A soft spot whose place depends on the index; 255 in its middle. */
export function mapOf(index: number): Uint8Array<ArrayBuffer> {
  const [cx, cy] = [6 + ((index * 7) % 20), 8 + ((index * 5) % 16)]
  return Uint8Array.from({ length: MAP_SIDE * MAP_SIDE }, (_, at) => Math.round(255 * Math.exp(-((at % MAP_SIDE - cx) ** 2 + (Math.floor(at / MAP_SIDE) - cy) ** 2) / 40)))
}
