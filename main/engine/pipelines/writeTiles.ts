/** `tiles`: the display pyramid of a picture or a mask. */
import { writePyramid } from '../document/pyramid.ts'
import { openPicture } from '../image/codec.ts'
import type { EngineResult, RequestOf } from '../requests.ts'
import { warn, type RunContext } from './context.ts'
import { RunProgress } from './progress.ts'

/** The bar of the cutting counts hundredths. */
const STEPS = 100

/** Writes the `.tiles` file. @throws EngineError as openPicture, output/not-writable; CancelledError */
export async function writeTiles(context: RunContext, request: RequestOf<'tiles'>): Promise<EngineResult> {
  const progress = new RunProgress([{ phase: 'load', steps: 0, seconds: 1 }, { phase: 'tiles', steps: STEPS, seconds: 2 }], context.emit)
  progress.begin('load')
  const picture = await openPicture(request.image)
  for (const note of picture.notes) warn(context, 'picture/note', note)
  progress.begin('tiles')
  let done = 0
  const report = await writePyramid(picture, request.out, {
    kind: request.kind,
    signal: context.signal,
    onProgress: (share) => {
      for (; done < Math.floor(share * STEPS); done++) progress.advance()
    },
  })
  progress.finish()
  return { out: request.out, kind: request.kind, ...report, seconds: progress.timings }
}
