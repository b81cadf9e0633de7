/** Layers, as Photoshop's keys have them. */
import { IconCopyPlus, IconFolderPlus, IconLayersSubtract, IconPlus, IconTrash } from '@tabler/icons-react'
import { change, documentStore, openDocument, selectedLayer } from '../../stores/documentStore.ts'
import { addGroup, addLayer, duplicateLayer, mergeDown, mergeVisible, moveLayer, nextLayer, removeLayers } from '../actions/layers.ts'
import type { Command } from './command.ts'
import { canChange, hasLayer } from './when.ts'

function toggle(what: 'visible' | 'locked'): Promise<unknown> {
  const layer = selectedLayer()!
  return change({ change: 'layer.set', layer: layer.id, set: what === 'visible' ? { visible: !layer.visible } : { locked: !layer.locked } })
}

const hasMaskOfLayer = (): boolean => hasLayer() && selectedLayer()!.hasMask
const canHaveMask = (): boolean => hasLayer() && !selectedLayer()!.hasMask && selectedLayer()!.kind !== 'mask'

/** Commands of the Layer menu. */
export const layerCommands: readonly Command[] = [
  { id: 'layer.new', title: 'command.layer.new', icon: IconPlus, shortcuts: ['Mod+Shift+N'], enabled: canChange, run: () => addLayer('paint') },
  { id: 'layer.group', title: 'command.layer.group', icon: IconFolderPlus, shortcuts: ['Mod+G'], enabled: canChange, run: addGroup },
  { id: 'layer.duplicate', title: 'command.layer.duplicate', icon: IconCopyPlus, shortcuts: ['Mod+J'], enabled: hasLayer, run: duplicateLayer },
  { id: 'layer.merge-down', title: 'command.layer.merge-down', icon: IconLayersSubtract, shortcuts: ['Mod+E'], enabled: hasLayer, run: mergeDown },
  { id: 'layer.merge-visible', title: 'command.layer.merge-visible', shortcuts: ['Mod+Alt+E'], enabled: () => canChange() && openDocument().layers.length > 1, run: mergeVisible },
  { id: 'layer.delete', title: 'command.layer.delete', icon: IconTrash, shortcuts: ['Shift+Del'], enabled: hasLayer, run: removeLayers },
  { id: 'layer.up', title: 'command.layer.up', shortcuts: ['Mod+]'], enabled: hasLayer, run: () => moveLayer(1) },
  { id: 'layer.down', title: 'command.layer.down', shortcuts: ['Mod+['], enabled: hasLayer, run: () => moveLayer(-1) },
  { id: 'layer.select-above', title: 'command.layer.select-above', shortcuts: ['Alt+]'], enabled: () => documentStore.getState().document !== null, run: () => nextLayer(1) },
  { id: 'layer.select-below', title: 'command.layer.select-below', shortcuts: ['Alt+['], enabled: () => documentStore.getState().document !== null, run: () => nextLayer(-1) },
  { id: 'layer.visible', title: 'command.layer.visible', shortcuts: ['Mod+Shift+,'], enabled: hasLayer, checked: () => selectedLayer()?.visible ?? false, run: () => toggle('visible') },
  { id: 'layer.lock', title: 'command.layer.lock', enabled: hasLayer, checked: () => selectedLayer()?.locked ?? false, run: () => toggle('locked') },
  { id: 'layer.mask-add', title: 'command.layer.mask-add', enabled: canHaveMask, run: () => change({ change: 'layer.mask', layer: selectedLayer()!.id, set: 'add' }) },
  { id: 'layer.mask-from-active', title: 'command.layer.mask-from-active', enabled: () => canHaveMask() && openDocument().activeMask !== null, run: () => change({ change: 'layer.mask', layer: selectedLayer()!.id, set: 'from-active' }) },
  { id: 'layer.mask-invert', title: 'command.layer.mask-invert', enabled: hasMaskOfLayer, run: () => change({ change: 'layer.mask', layer: selectedLayer()!.id, set: 'invert' }) },
  { id: 'layer.mask-remove', title: 'command.layer.mask-remove', enabled: hasMaskOfLayer, run: () => change({ change: 'layer.mask', layer: selectedLayer()!.id, set: 'remove' }) },
]
