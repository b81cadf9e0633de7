/** Sheets of pictures side by side with captions: before, mask and after of an edit, or a row of results. */
import sharp, { type OverlayOptions } from 'sharp'
import { cropSrgb } from './cropStitch.ts'
import { wholeBox, type Box } from './geometry.ts'
import { letteringSvg, letteringWidth } from './lettering.ts'
import { windowOf, type Mask, type WindowMask } from './mask.ts'
import { maxSample, pictureFromSamples, type Picture } from './picture.ts'
import { cutPlanes, resizePlanes } from './resize.ts'

/** One panel: 8-bit sRGB, 3 bytes per pixel. */
export interface Panel {
  readonly caption: string
  readonly width: number
  readonly height: number
  readonly rgb: Uint8Array
}

const MARGIN = 28
const CAPTION_HEIGHT = 40
const BACKGROUND = '#f4f2ee'
const INK = '#3a3733'
/** Colour of masked parts: not found in skies, skin or foliage. */
const MASK_COLOUR = [232, 46, 106] as const

/**
 * A box of a picture as 8-bit sRGB at a size, transparency on a light checkerboard.
 */
export async function renderRgb(picture: Picture, box: Box, size: { width: number; height: number }): Promise<Uint8Array> {
  const planes = await cropSrgb(picture, box, size)
  const pixels = size.width * size.height
  const alpha = picture.hasAlpha ? alphaPlane(picture, box, size) : null
  const rgb = new Uint8Array(pixels * 3)
  for (let i = 0; i < pixels; i++) {
    const opacity = alpha ? Math.min(1, Math.max(0, alpha[i]!)) : 1
    const check = ((i % size.width) >> 3) + (Math.floor(i / size.width) >> 3)
    const ground = check % 2 === 0 ? 1 : 0.86
    for (let c = 0; c < 3; c++) rgb[i * 3 + c] = Math.round(255 * Math.min(1, Math.max(0, planes[c * pixels + i]! * opacity + ground * (1 - opacity))))
  }
  return rgb
}

/** What {@link comparisonSheet} shows. */
export interface Comparison {
  readonly before: Picture
  readonly mask: Mask | WindowMask
  readonly after: Picture
  /** longer side of a panel in pixels; default 512 */
  readonly panelSize?: number
  /** captions of the three panels; default before, mask, after */
  readonly captions?: readonly [string, string, string]
}

/** Before, before with the mask laid over it, and after, side by side. */
export async function comparisonSheet(comparison: Comparison): Promise<Picture> {
  const { before, mask, after, panelSize = 512 } = comparison
  const [first, second, third] = comparison.captions ?? ['before', 'mask', 'after']
  const beforePanel = await picturePanel(before, first, panelSize)
  const afterPanel = await picturePanel(after, third, panelSize)
  const overlay = { ...beforePanel, caption: second, rgb: overlayMask(beforePanel, mask, before) }
  return contactSheet([beforePanel, overlay, afterPanel], 3)
}

/** A whole picture as a panel whose longer side has `panelSize` pixels. */
export async function picturePanel(picture: Picture, caption: string, panelSize = 512): Promise<Panel> {
  const scale = panelSize / Math.max(picture.width, picture.height)
  const size = { width: Math.max(1, Math.round(picture.width * scale)), height: Math.max(1, Math.round(picture.height * scale)) }
  return { caption, ...size, rgb: await renderRgb(picture, wholeBox(picture), size) }
}

/** Lays panels out in rows, centred in cells of the largest panel's size. */
export async function contactSheet(panels: readonly Panel[], columns: number): Promise<Picture> {
  const cell = { width: Math.max(...panels.map((panel) => panel.width)), height: Math.max(...panels.map((panel) => panel.height)) }
  const across = Math.min(columns, panels.length)
  const rows = Math.ceil(panels.length / across)
  const captionHeight = panels.some((panel) => panel.caption) ? CAPTION_HEIGHT : 0
  const width = MARGIN + across * (cell.width + MARGIN)
  const height = MARGIN + rows * (cell.height + captionHeight + MARGIN) - (captionHeight > 0 ? MARGIN / 2 : 0)
  let drawing = ''
  const pieces: OverlayOptions[] = panels.map((panel, index) => {
    const cellX = MARGIN + (index % across) * (cell.width + MARGIN)
    const cellY = MARGIN + Math.floor(index / across) * (cell.height + captionHeight + MARGIN)
    const left = cellX + Math.floor((cell.width - panel.width) / 2)
    const top = cellY + Math.floor((cell.height - panel.height) / 2)
    const unit = captionUnit(panel.caption, cell.width)
    const textX = cellX + (cell.width - letteringWidth(panel.caption) * unit) / 2
    drawing += letteringSvg(panel.caption, { x: textX, y: cellY + cell.height + 27 }, unit, INK)
    return { input: Buffer.from(panel.rgb), raw: { width: panel.width, height: panel.height, channels: 3 as const }, left, top }
  })
  const svg = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${drawing}</svg>`)
  const { data } = await sharp({ create: { width, height, channels: 3, background: BACKGROUND } })
    .composite([...pieces, { input: svg, left: 0, top: 0 }])
    .removeAlpha()
    .raw()
    .toBuffer({ resolveWithObject: true })
  return pictureFromSamples(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), { width, height, channels: 3 })
}

/** Caption size: 1.15 pixels per unit, less where the caption would not fit its cell. */
function captionUnit(caption: string, width: number): number {
  return Math.min(1.15, width / Math.max(1, letteringWidth(caption)))
}

function alphaPlane(picture: Picture, box: Box, size: { width: number; height: number }): Float32Array {
  const { channels } = picture
  const step = maxSample(picture.depth) === 255 ? Uint8Array : Uint16Array
  const alpha = new step(picture.width * picture.height)
  for (let i = 0; i < alpha.length; i++) alpha[i] = picture.samples[i * channels + channels - 1]!
  return cutPlanes(alpha, { width: picture.width, height: picture.height, channels: 1 }, box, size, 1)
}

/** The panel paled, with the mask in a strong colour and a firm outline. */
function overlayMask(panel: Panel, mask: Mask | WindowMask, picture: { width: number; height: number }): Uint8Array {
  const { width, height } = panel
  const full = Float32Array.from(windowOf(mask, wholeBox(picture)).data)
  const down = width < picture.width
  const values = resizePlanes(full, { width: picture.width, height: picture.height, channels: 1 }, { width, height }, down ? 'area' : 'bilinear')
  const result = new Uint8Array(panel.rgb.length)
  const at = (x: number, y: number): number => values[Math.min(height - 1, Math.max(0, y)) * width + Math.min(width - 1, Math.max(0, x))]!
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const i = y * width + x
      const cover = Math.min(1, Math.max(0, values[i]! / 255))
      const border = at(x, y) > 127 && Math.min(at(x - 2, y), at(x + 2, y), at(x, y - 2), at(x, y + 2)) <= 127
      const strength = border ? 0.95 : 0.55 * cover
      for (let c = 0; c < 3; c++) {
        const paled = panel.rgb[i * 3 + c]! * 0.72 + 255 * 0.28
        const base = paled + (panel.rgb[i * 3 + c]! - paled) * cover
        result[i * 3 + c] = Math.round(base + (MASK_COLOUR[c]! - base) * strength)
      }
    }
  }
  return result
}
