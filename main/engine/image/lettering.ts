/**
 * A small single-stroke alphabet for captions, as paths: picture libraries on servers often have no fonts.
 * Units: x-height 6..14, ascenders from 2, descenders to 18; capitals are drawn as small letters.
 */

/** A letter: width and SVG path. */
type Glyph = readonly [width: number, path: string]

const RING = 'M8 10A4 4 0 1 1 0 10A4 4 0 1 1 8 10'
const GLYPHS: Readonly<Record<string, Glyph>> = {
  a: [8, `${RING}M8 6V14`],
  b: [8, `M0 2V14${RING}`],
  c: [7, 'M6.9 7.2A4 4 0 1 0 6.9 12.8'],
  d: [8, `${RING}M8 2V14`],
  e: [8, 'M0 10H8A4 4 0 1 0 6.9 12.8'],
  f: [5, 'M5 2.3A2.6 2.6 0 0 0 2 4.8V14M0 6H4.6'],
  g: [8, `${RING}M8 6V14.2A3.9 3.8 0 0 1 0.8 16.2`],
  h: [8, 'M0 2V14M0 10A4 4 0 0 1 8 10V14'],
  i: [0, 'M0 6V14M0 2.8V2.81'],
  j: [2, 'M2 6V15.6A2.2 2.2 0 0 1 0 17.8M2 2.8V2.81'],
  k: [6.4, 'M0 2V14M6 6L0 11M2.4 9.1L6.4 14'],
  l: [0, 'M0 2V14'],
  m: [12, 'M0 6V14M0 9A3 3 0 0 1 6 9V14M6 9A3 3 0 0 1 12 9V14'],
  n: [8, 'M0 6V14M0 10A4 4 0 0 1 8 10V14'],
  o: [8, RING],
  p: [8, `M0 6V18${RING}`],
  q: [8, `${RING}M8 6V18`],
  r: [4.4, 'M0 6V14M0 9.6A3.8 3.8 0 0 1 4.4 6.1'],
  s: [6.4, 'M6 7.5C5.2 5.4 0.7 5.3 0.7 8C0.7 10.7 6.4 9.3 6.4 12C6.4 14.7 1 14.7 0.2 12.4'],
  t: [5, 'M2 3V11.4A2.6 2.6 0 0 0 5 14M0 6H4.8'],
  u: [8, 'M0 6V10A4 4 0 0 0 8 10V6M8 10V14'],
  v: [7.6, 'M0 6L3.8 14L7.6 6'],
  w: [11.6, 'M0 6L2.9 14L5.8 6L8.7 14L11.6 6'],
  x: [7, 'M0 6L7 14M7 6L0 14'],
  y: [7.6, 'M0 6L3.9 13.9M7.6 6L2.6 18'],
  z: [7, 'M0 6H7L0 14H7'],
  0: [8, 'M4 2A4 6 0 1 0 4 14A4 6 0 1 0 4 2'],
  1: [3, 'M0 4.4L3 2V14'],
  2: [7.4, 'M0.3 5.4A3.6 3.5 0 1 1 6.4 8L0.2 14H7.4'],
  3: [7, 'M0.6 3.6A3.3 3 0 1 1 3.4 7.8A3.5 3.1 0 1 1 0.2 12.2'],
  4: [7.6, 'M5.6 14V2L0 10.6H7.6'],
  5: [7.4, 'M6.8 2H1.4L0.9 7.4A3.7 3.7 0 1 1 0.3 12.6'],
  6: [7.8, 'M6 2C2.4 4 0.2 7 0.2 10.3A3.8 3.75 0 1 0 7.8 10.3A3.8 3.75 0 0 0 0.6 8.9'],
  7: [7.4, 'M0 2H7.4L2.6 14'],
  8: [7.6, 'M3.8 7.7A2.9 2.85 0 1 1 3.81 7.7M3.8 7.7A3.7 3.15 0 1 0 3.81 7.7'],
  9: [7.8, 'M1.8 14C5.4 12 7.6 9 7.6 5.7A3.8 3.75 0 1 0 0 5.7A3.8 3.75 0 0 0 7.2 7.1'],
  '.': [0, 'M0 13.9V13.91'],
  ',': [1, 'M1 13.6L0 16.4'],
  ':': [0, 'M0 7.4V7.41M0 13.4V13.41'],
  '-': [5, 'M0 10H5'],
  '+': [7, 'M0 10H7M3.5 6.5V13.5'],
  '=': [7, 'M0 8.4H7M0 11.8H7'],
  '/': [5, 'M0 15L5 2'],
  '%': [10, 'M1 14L9 2M4 4A2 2 0 1 1 0 4A2 2 0 1 1 4 4M10 12A2 2 0 1 1 6 12A2 2 0 1 1 10 12'],
  '(': [3, 'M3 1.5A9 9 0 0 0 3 16.5'],
  ')': [3, 'M0 1.5A9 9 0 0 1 0 16.5'],
  '#': [8, 'M2.6 3L1.2 14M6.8 3L5.4 14M0.4 6.4H8M0 10.6H7.6'],
  '×': [6, 'M0 7L6 13M6 7L0 13'],
  "'": [0, 'M0 2V4.4'],
}
const SPACE = 5
const GAP = 3.4

/** Width of a line of text in units. */
export function letteringWidth(text: string): number {
  let width = 0
  for (const letter of text.toLowerCase()) width += (GLYPHS[letter]?.[0] ?? SPACE) + GAP
  return Math.max(0, width - GAP)
}

/**
 * A line of text as SVG elements.
 * @param at left end of the baseline, in pixels
 * @param unit pixels per unit; 1 gives an x-height of 8 pixels
 */
export function letteringSvg(text: string, at: { x: number; y: number }, unit: number, colour: string): string {
  let x = 0
  let paths = ''
  for (const letter of text.toLowerCase()) {
    const glyph = GLYPHS[letter]
    if (glyph) paths += `<path d="${glyph[1]}" transform="translate(${x.toFixed(2)} 0)"/>`
    x += (glyph?.[0] ?? SPACE) + GAP
  }
  return `<g transform="translate(${at.x} ${at.y - 14 * unit}) scale(${unit})" fill="none" stroke="${colour}" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round">${paths}</g>`
}
