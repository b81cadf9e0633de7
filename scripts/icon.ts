/**
 * `node scripts/run.mjs scripts/icon.ts`: docs/icon/icon.svg as the PNG, ICO and ICNS files that packages take. They are
 * kept in the repository; run this after changing the drawing.
 */
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { icns, ico, png } from './icon/containers.ts'
import { drawIcon } from './icon/raster.ts'
import { readSvg } from './icon/svg.ts'

const folder = path.resolve(import.meta.dirname, '..', 'docs', 'icon')
const SIDES = [16, 32, 48, 64, 128, 256, 512, 1024]

/** Every file made of the drawing, by its name below docs/icon. */
export function iconFiles(svg: string, sides: readonly number[] = SIDES): Map<string, Buffer> {
  const drawing = readSvg(svg)
  const pictures = sides.map((side) => ({ side, png: png(drawIcon(drawing, side), side) }))
  const files = new Map(pictures.filter(({ side }) => side <= 512).map(({ side, png: data }) => [`png/${side}x${side}.png`, data]))
  files.set('icon.ico', ico(pictures.filter(({ side }) => side <= 256)))
  files.set('icon.icns', icns(pictures.filter(({ side }) => side !== 48)))
  return files
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, data] of iconFiles(fs.readFileSync(path.join(folder, 'icon.svg'), 'utf8'))) {
    fs.mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    fs.writeFileSync(path.join(folder, name), data)
    process.stdout.write(`${name} ${data.length} bytes\n`)
  }
}
