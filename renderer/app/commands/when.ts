/** Conditions that commands share, asked at the moment a command is looked at. */
import { activeMask, documentStore, selectedLayer } from '../../stores/documentStore.ts'
import { isActive, jobsStore } from '../../stores/jobsStore.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { activeTool, brushOf, toolStore } from '../../stores/toolStore.ts'

/** A document is open. */
export function hasDocument(): boolean {
  return documentStore.getState().document !== null
}

/** A document is open and may be changed. */
export function canChange(): boolean {
  const { document, project } = documentStore.getState()
  return document !== null && (project?.readOnly ?? null) === null
}

/** A mask is in force. */
export function hasMask(): boolean {
  return canChange() && activeMask() !== null
}

/** A layer is selected that may be changed. */
export function hasLayer(): boolean {
  return canChange() && selectedLayer() !== null
}

/** Results wait in the strip. */
export function hasResults(): boolean {
  return stagingStore.getState().edits.some(({ results }) => results.length > 0)
}

/** The tool in the hand has a brush. */
export function hasBrush(): boolean {
  return hasDocument() && brushOf(activeTool(toolStore.getState())) !== null
}

/** Something runs or waits to. */
export function hasJob(): boolean {
  return jobsStore.getState().jobs.some(isActive)
}
