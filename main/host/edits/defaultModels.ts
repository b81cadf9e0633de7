/** The models that are used when nobody names one: a person's choice, kept among the settings. */
import type { HostServices } from '../services.ts'
import { BUNDLED_MODELS, type DefaultModels } from './requests.ts'

/** Names of the settings that hold the choice. */
export const MODEL_SETTINGS = { draw: 'drawModel', fill: 'fillModel' } as const

/** The models to use now. */
export function defaultModels({ settings }: Pick<HostServices, 'settings'>): DefaultModels {
  const chosen = settings.get() as Readonly<Record<string, unknown>> // unknown keys are kept in the settings
  const one = (task: keyof DefaultModels): string => (typeof chosen[MODEL_SETTINGS[task]] === 'string' ? (chosen[MODEL_SETTINGS[task]] as string) : BUNDLED_MODELS[task]) // tested in the same line
  return { draw: one('draw'), fill: one('fill') }
}
