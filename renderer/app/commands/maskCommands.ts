/** The mask in force: select all, invert, grow and so on. White = will change. */
import { IconFileImport, IconFlipVertical, IconMaskOff, IconPlus } from '@tabler/icons-react'
import { openDialog } from '../../stores/dialogStore.ts'
import { selectedLayer } from '../../stores/documentStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { editMask, exportMask, importMask, maskFromLayer, newMask, saveMask } from '../actions/masks.ts'
import { chooseTool } from '../../stores/toolStore.ts'
import type { Command } from './command.ts'
import { canChange, hasDocument, hasLayer, hasMask } from './when.ts'

/** Commands of the Select menu. */
export const maskCommands: readonly Command[] = [
  { id: 'mask.all', title: 'command.mask.all', shortcuts: ['Mod+A'], enabled: canChange, run: () => editMask({ op: 'all' }) },
  { id: 'mask.none', title: 'command.mask.none', icon: IconMaskOff, shortcuts: ['Mod+D', 'Del', 'Backspace'], enabled: hasMask, run: () => editMask({ op: 'clear' }) },
  { id: 'mask.invert', title: 'command.mask.invert', icon: IconFlipVertical, shortcuts: ['Mod+Shift+I'], enabled: canChange, run: () => editMask({ op: 'invert' }) },
  { id: 'mask.grow', title: 'command.mask.grow', enabled: hasMask, run: () => openDialog({ kind: 'mask-number', op: 'grow' }) },
  { id: 'mask.shrink', title: 'command.mask.shrink', enabled: hasMask, run: () => openDialog({ kind: 'mask-number', op: 'shrink' }) },
  { id: 'mask.feather', title: 'command.mask.feather', shortcuts: ['Shift+F6'], enabled: hasMask, run: () => openDialog({ kind: 'mask-number', op: 'feather' }) },
  { id: 'mask.from-layer', title: 'command.mask.from-layer', enabled: hasLayer, run: () => maskFromLayer('layer-alpha') },
  { id: 'mask.from-layer-mask', title: 'command.mask.from-layer-mask', enabled: () => hasLayer() && selectedLayer()!.hasMask, run: () => maskFromLayer('layer-mask') },
  { id: 'mask.new', title: 'command.mask.new', icon: IconPlus, enabled: canChange, run: newMask },
  { id: 'mask.import', title: 'command.mask.import', icon: IconFileImport, enabled: canChange, run: importMask },
  { id: 'mask.export', title: 'command.mask.export', enabled: hasMask, run: exportMask },
  { id: 'mask.save', title: 'command.mask.save', enabled: hasMask, run: saveMask },
  { id: 'mask.edit', title: 'command.mask.edit', shortcuts: ['Q'], enabled: canChange, run: () => chooseTool('mask-brush') },
  { id: 'mask.overlay', title: 'command.mask.overlay', shortcuts: ['Mod+H'], enabled: hasDocument, checked: () => viewStore.getState().overlay, run: () => viewStore.setState(({ overlay }) => ({ overlay: !overlay })) },
  { id: 'mask.outline', title: 'command.mask.outline', enabled: hasDocument, checked: () => viewStore.getState().outline, run: () => viewStore.setState(({ outline }) => ({ outline: !outline })) },
]
