/** `inspect`: what a picture file says about itself; its samples are not decoded. */
import { statSync } from 'node:fs'
import { readPictureHeader } from '../image/codec.ts'
import { profileName } from '../image/iccProfile.ts'
import type { EngineResult, RequestOf } from '../requests.ts'

/** Tells format, upright size, depth, channels, profile, bytes and recipe. @throws EngineError as readPictureHeader */
export async function inspectPicture(request: RequestOf<'inspect'>): Promise<EngineResult> {
  const header = await readPictureHeader(request.image)
  const { format, width, height, depth, channels, hasAlpha, metadata, notes } = header
  return {
    image: request.image,
    format,
    width,
    height,
    depth,
    channels,
    alpha: hasAlpha,
    profile: metadata.icc ? (profileName(metadata.icc) ?? 'unnamed') : null,
    density: metadata.density ?? null,
    bytes: statSync(request.image).size,
    recipe: metadata.recipe ?? null,
    notes,
  }
}
