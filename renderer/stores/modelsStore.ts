/** Models that are there, and what the words of one are. */
import { createStore } from 'zustand/vanilla'
import type { ModelRow } from '../../preload/contract/models.ts'
import { call } from '../api/client.ts'

/** See {@link modelsStore}. `drawDefault` and `fillDefault` are ids, "" when there is none; `read`: the host has been asked. */
export type ModelsState = { readonly models: readonly ModelRow[]; readonly drawDefault: string; readonly fillDefault: string; readonly read: boolean }

/** Installed models. */
export const modelsStore = createStore<ModelsState>(() => ({ models: [], drawDefault: '', fillDefault: '', read: false }))

/** Reads the list. @throws AppError */
export async function refreshModels(): Promise<void> {
  const list = await call('models.list', {})
  modelsStore.setState({ models: list.models, drawDefault: list.default, fillDefault: list.defaultInpaint, read: true })
}

/** Whether no model that works is there for a task. Not before the host was asked. */
export function lacksModel(state: ModelsState, chosen: string | null, task: 'draw' | 'fill'): boolean {
  const model = modelFor(state, chosen, task)
  return state.read && (model === null || model.problem !== null)
}

/** The model that an edit would use: the chosen one, else the default of its kind. */
export function modelFor(state: ModelsState, chosen: string | null, task: 'draw' | 'fill'): ModelRow | null {
  const id = chosen ?? (task === 'fill' ? state.fillDefault || state.drawDefault : state.drawDefault)
  return state.models.find((model) => model.id === id) ?? null
}
