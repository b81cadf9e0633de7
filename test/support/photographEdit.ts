// Everything that an edit does around the sampling, in a process of its own: PICTURE MASK OUT; prints a JSON report.
import fs from 'node:fs'
import { openPicture } from '../../main/engine/image/codec.ts'
import { planCrop } from '../../main/engine/image/cropPlan.ts'
import { cropPixels, stitch } from '../../main/engine/image/cropStitch.ts'
import { editMasks, loadMask } from '../../main/engine/image/mask.ts'
import { countChangedOutside } from '../../main/engine/image/verify.ts'
import { writePicture } from '../../main/engine/image/writePicture.ts'

const [pictureFile, maskFile, out] = process.argv.slice(2) as [string, string, string]
const seconds: Record<string, number> = {}
const startedCpu = process.cpuUsage()
async function timed<T>(name: string, action: () => T | Promise<T>): Promise<T> {
  const started = performance.now()
  const result = await action()
  seconds[name] = Math.round(performance.now() - started) / 1000
  return result
}

const picture = await timed('open', () => openPicture(pictureFile))
const mask = await timed('mask', () => loadMask(maskFile, picture))
const masks = (await timed('masks', () => editMasks(mask, { grow: 4, feather: 8, ring: 16 })))!
const plan = planCrop(masks, picture, { modelSize: 512 })
const pixels = await timed('crop', () => cropPixels(picture, plan.box, plan.model))
// stands for the model: other colours, another structure
const generated = { data: pixels.data.map((value, i) => 0.7 * value + 0.2 * Math.sin(i / 40)), dims: pixels.dims }
const { picture: result } = await timed('stitch', () => stitch(picture, plan, masks, generated))
const changedOutside = await timed('verify', () => countChangedOutside(picture, result, masks.blend))
const changed = countChangedOutside(picture, result, { ...masks.blend, data: new Uint8Array(masks.blend.data.length) })
const written = await timed('write', () => writePicture(result, out, { recipe: { seed: 1 } }))
const cpu = process.cpuUsage(startedCpu)
// VmHWM is Linux's; elsewhere the figure is left out
const status = process.platform === 'linux' ? fs.readFileSync('/proc/self/status', 'utf8') : ''
const peak = /VmHWM:\s+(\d+)/.exec(status)?.[1]
process.stdout.write(JSON.stringify({
  peakMiB: peak ? Math.round(Number(peak) / 1024) : null,
  changedOutside, changed, codecChanged: written.codec.changed, box: plan.box, model: plan.model, seconds,
  cpuSeconds: (cpu.user + cpu.system) / 1e6,
}))
