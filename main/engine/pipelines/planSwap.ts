/** What a swap will take, from its request and the size it works at: for the progress bar and for forecasts. */
import { EDIT_DEFAULTS, type RequestOf } from '../requests.ts'
import { AUTO_ORDER } from './chooseInversion.ts'
import { planControlledUNet, type NetSize } from './controlledUNet.ts'
import { inversionCalls, strengthOf, type InversionChoices } from './inversion.ts'
import type { LoadedCheckpoint } from './loadedCheckpoint.ts'
import type { WordWork } from './planWords.ts'
import { editControl } from './wordEdit.ts'

/** A request in which nothing is left open. */
export type SettledSwap = Omit<RequestOf<'swap'>, 'guidance' | 'blendThreshold'> & { readonly guidance: number; readonly blendThreshold: number }

/** What the person left open is the model card's, else the program's. */
export function settleSwap(asked: RequestOf<'swap'>, { checkpoint: { card } }: LoadedCheckpoint): SettledSwap {
  const own = card?.edit
  return {
    ...asked,
    guidance: asked.guidance ?? own?.guidance ?? EDIT_DEFAULTS.guidance,
    blendThreshold: asked.blendThreshold ?? own?.blendThreshold ?? EDIT_DEFAULTS.blendThreshold,
  }
}

/** The inversion that a swap begins with. */
export function inversionChoices(request: SettledSwap, seed: number): InversionChoices {
  const { steps, strength, renoiseSteps, guidance, clipSkip, fast } = request
  return { method: request.inversion === 'auto' ? AUTO_ORDER[0] : request.inversion, steps, strength, renoiseSteps, guidance, clipSkip, fast, seed }
}

/** Rows, runs and nets of a swap. Where `auto` goes on to dearer ways, that is not foreseen. @param picture null for one that is drawn */
export async function planSwap(loaded: LoadedCheckpoint, size: NetSize, asked: RequestOf<'swap'>, picture: { readonly width: number; readonly height: number } | null): Promise<WordWork> {
  const request = settleSwap(asked, loaded)
  const choices = inversionChoices(request, 0)
  const { rows, control } = editControl(loaded, size, picture ? choices.method : null, request, request.bias.length > 0)
  const net = await planControlledUNet(loaded, rows.count, size, control)
  const visited = picture ? Math.max(1, Math.round(request.steps * strengthOf(choices))) : request.steps
  return {
    invert: picture ? inversionCalls(choices) : 0,
    looks: picture && request.inversion === 'auto' ? 1 : 0,
    steps: visited,
    runs: picture && choices.method === 'edict' ? 2 : 1,
    rows: rows.count,
    // the source is decoded beside the edit where it is not the picture itself
    decodes: picture && choices.method === 'direct' ? 1 : 2,
    net,
    ...(picture ? { picturePixels: picture.width * picture.height } : {}),
  }
}
