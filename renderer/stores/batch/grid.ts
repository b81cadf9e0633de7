/** Which cells of a long grid of equal cells are worth drawing. */

/** Lengths in CSS pixels. */
export interface GridShape {
  readonly count: number
  readonly width: number
  /** smallest width of a cell */
  readonly cell: number
  readonly rowHeight: number
  readonly gap: number
}

/** The cells to draw, and the height of everything. */
export interface GridWindow {
  readonly columns: number
  readonly first: number
  /** one behind the last */
  readonly end: number
  /** where the first row that is drawn begins */
  readonly top: number
  readonly height: number
}

/** Rows drawn above and below what is seen. */
const OVERSCAN = 2

/** The cells that are in sight, with some around them. */
export function gridWindow(shape: GridShape, scrollTop: number, viewHeight: number): GridWindow {
  const columns = Math.max(1, Math.floor((shape.width + shape.gap) / (shape.cell + shape.gap)))
  const rows = Math.ceil(shape.count / columns)
  const pitch = shape.rowHeight + shape.gap
  const firstRow = Math.min(Math.max(0, Math.floor(scrollTop / pitch) - OVERSCAN), Math.max(0, rows - 1))
  const endRow = Math.min(rows, Math.ceil((scrollTop + viewHeight) / pitch) + OVERSCAN)
  return { columns, first: firstRow * columns, end: Math.min(shape.count, endRow * columns), top: firstRow * pitch, height: Math.max(0, rows * pitch - shape.gap) }
}

/** How far to scroll so that a cell is wholly in sight; the same when it is. */
export function scrollTo(shape: GridShape, at: number, scrollTop: number, viewHeight: number): number {
  const { columns } = gridWindow(shape, scrollTop, viewHeight)
  const top = Math.floor(at / columns) * (shape.rowHeight + shape.gap)
  if (top < scrollTop) return top
  const bottom = top + shape.rowHeight
  return bottom > scrollTop + viewHeight ? bottom - viewHeight : scrollTop
}
