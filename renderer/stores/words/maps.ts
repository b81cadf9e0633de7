/** Where words look: which map belongs to which chip, and what a threshold makes of it. */
import type { AttentionResult } from '../../../preload/contract/edits.ts'
import { type Chip, bare, isMark } from './chips.ts'

/** A word's map as bytes, 255 = where it looks most. */
export interface WordMap {
  readonly width: number
  readonly height: number
  readonly bytes: Uint8Array
}

/** A chip's place among the maps. `diffuse`: the word looks everywhere, so that its place says little. */
export interface MapPlace {
  readonly index: number
  readonly word: string
  readonly diffuse: boolean
}

/** The map of each chip by its id: the maps follow the words of the description that the model reads. */
export function mapPlaces(chips: readonly Chip[], words: AttentionResult['words']): Map<number, MapPlace> {
  const places = new Map<number, MapPlace>()
  let next = 0
  for (const chip of chips) {
    if (chip.source === null || chip.lost || isMark(chip)) continue
    const found = words.findIndex(({ word }, k) => k >= next && bare(word) === bare(chip.source!))
    if (found < 0) continue
    places.set(chip.id, words[found]!)
    next = found + 1
  }
  return places
}

/** The condition that makes a mask of a word's place, in the language of recipes. */
export function whereOf(word: string, threshold: number): string {
  const plain = /^[^\s()<>"]+$/.test(word) && !/^(and|or|not|attention)$/i.test(word)
  return `attention(${plain ? word : `"${word.replaceAll('"', '')}"`}) > ${Math.round(threshold * 100) / 100}`
}

/** How much finer than the map a preview is, so that its edge is one. */
const FINER = 8

/** What {@link whereOf} would choose, for the eye: 255 inside, 0 outside; the map is enlarged first, as the engine does. */
export function maskPreview(map: WordMap, threshold: number): WordMap {
  const [width, height] = [map.width * FINER, map.height * FINER]
  const at = (x: number, y: number): number => map.bytes[Math.min(map.height - 1, Math.max(0, y)) * map.width + Math.min(map.width - 1, Math.max(0, x))]!
  const bytes = new Uint8Array(width * height)
  for (let row = 0; row < height; row++) {
    const y = (row + 0.5) / FINER - 0.5
    const [top, dy] = [Math.floor(y), y - Math.floor(y)]
    for (let column = 0; column < width; column++) {
      const x = (column + 0.5) / FINER - 0.5
      const [left, dx] = [Math.floor(x), x - Math.floor(x)]
      const value = (at(left, top) * (1 - dx) + at(left + 1, top) * dx) * (1 - dy) + (at(left, top + 1) * (1 - dx) + at(left + 1, top + 1) * dx) * dy
      if (value / 255 > threshold) bytes[row * width + column] = 255
    }
  }
  return { width, height, bytes }
}

/** Share of the picture that a threshold chooses, 0..1. */
export function chosenShare(map: WordMap, threshold: number): number {
  return map.bytes.reduce((count, value) => count + (value / 255 > threshold ? 1 : 0), 0) / Math.max(1, map.bytes.length)
}
