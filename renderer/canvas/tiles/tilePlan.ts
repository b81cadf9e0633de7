/** Which tiles cover a part of a plane, in the order in which they are wanted. */
import { TILE_EDGE, type TilePlace } from '../../../preload/contract/documents.ts'
import { type Edges, intersect, isEmpty } from '../geometry/boxes.ts'

/** A block of tiles of one level: first column and row, and one behind the last. */
export interface TileRange {
  readonly level: number
  readonly left: number
  readonly top: number
  readonly right: number
  readonly bottom: number
}

/** A tile of a plane: level, column and row. */
export type TileAt = Pick<TilePlace, 'level' | 'x' | 'y'>

/** A tile's name in a table. */
export function keyOf({ layer, plane, level, x, y }: TilePlace): string {
  return `${layer}/${plane}/${level}/${x}/${y}`
}

/** Whether a tile of any level covers one of the full-size tiles; `set` holds the same tiles as "x/y". */
export function covers(place: TileAt, tiles: readonly (readonly [number, number])[], set: ReadonlySet<string>): boolean {
  if (place.level === 0) return set.has(`${place.x}/${place.y}`)
  return tiles.some(([x, y]) => x >> place.level === place.x && y >> place.level === place.y)
}

/** The tiles of every level up to a coarsest that cover one of the full-size tiles, each once. */
export function tilesAbove(tiles: readonly (readonly [number, number])[], coarsest: number): TileAt[] {
  const found = new Map<string, TileAt>()
  for (let level = 0; level <= coarsest; level++) {
    for (const [x, y] of tiles) found.set(`${level}/${x >> level}/${y >> level}`, { level, x: x >> level, y: y >> level })
  }
  return [...found.values()]
}

/** Tiles of a level that a box of full-size pixels meets. */
export function tilesOver(box: Edges, level: number): TileRange {
  const edge = TILE_EDGE * 2 ** level
  if (isEmpty(box)) return { level, left: 0, top: 0, right: 0, bottom: 0 }
  return {
    level, left: Math.floor(box.left / edge), top: Math.floor(box.top / edge),
    right: Math.ceil(box.right / edge), bottom: Math.ceil(box.bottom / edge),
  }
}

/** Full-size pixels of one tile. */
export function tileBox(level: number, x: number, y: number): Edges {
  const edge = TILE_EDGE * 2 ** level
  return { left: x * edge, top: y * edge, right: (x + 1) * edge, bottom: (y + 1) * edge }
}

/** A range without what lies outside another of the same level. */
export function within(range: TileRange, other: TileRange): TileRange {
  const shared = intersect(range, other)
  return isEmpty(shared) ? { level: range.level, left: 0, top: 0, right: 0, bottom: 0 } : { level: range.level, ...shared }
}

/** A range with a ring of tiles around it. */
export function withMargin(range: TileRange, ring: number): TileRange {
  if (range.right <= range.left) return range
  return { level: range.level, left: range.left - ring, top: range.top - ring, right: range.right + ring, bottom: range.bottom + ring }
}

/** Places of a range, nearest to its middle first: what a person looks at appears first. */
export function placesOf(range: TileRange): { readonly x: number; readonly y: number }[] {
  const [middleX, middleY] = [(range.left + range.right - 1) / 2, (range.top + range.bottom - 1) / 2]
  const places: { x: number; y: number; far: number }[] = []
  for (let y = range.top; y < range.bottom; y++) {
    for (let x = range.left; x < range.right; x++) places.push({ x, y, far: (x - middleX) ** 2 + (y - middleY) ** 2 })
  }
  return places.sort((one, other) => one.far - other.far)
}

/** Coarsest useful level: the whole canvas in one tile. */
export function coarsestLevel(canvas: { readonly width: number; readonly height: number }): number {
  return Math.max(0, Math.ceil(Math.log2(Math.max(canvas.width, canvas.height) / TILE_EDGE)))
}
