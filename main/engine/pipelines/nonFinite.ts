/** The refusal of outputs that are no numbers: a damaged checkpoint, most often. */
import { badInput, type EngineError } from '../errors.ts'

/**
 * @param source the checkpoint as the person named it; absent where a net is nobody's file
 * @param net as a person knows it: "UNet", "VAE decoder"
 * @param where "in step 3 of 20"; empty where there are no steps
 */
export function nonFinite(source: string | undefined, net: string, value: number, where = ''): EngineError {
  return badInput('run/non-finite', { thing: source ?? `The ${net}`, expected: `finite numbers from its ${net}`, found: `${value}${where === '' ? '' : ` ${where}`}`, todo: 'check the checkpoint with "models verify", or fetch it again' })
}
