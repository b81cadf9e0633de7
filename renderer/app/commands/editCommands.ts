/** Undo, redo, copy and paste. */
import { IconArrowBackUp, IconArrowForwardUp, IconClipboard, IconCopy } from '@tabler/icons-react'
import { documentStore, redo, undo } from '../../stores/documentStore.ts'
import { copyMask, copyPicture, paste } from '../actions/clipboard.ts'
import type { Command } from './command.ts'
import { canChange, hasDocument, hasMask } from './when.ts'

/** Commands of the Edit menu. */
export const editCommands: readonly Command[] = [
  { id: 'edit.undo', title: 'command.edit.undo', icon: IconArrowBackUp, shortcuts: ['Mod+Z'], enabled: () => canChange() && documentStore.getState().document?.undo !== null, run: undo },
  { id: 'edit.redo', title: 'command.edit.redo', icon: IconArrowForwardUp, shortcuts: ['Mod+Shift+Z', 'Mod+Y'], enabled: () => canChange() && documentStore.getState().document?.redo !== null, run: redo },
  { id: 'edit.copy', title: 'command.edit.copy', icon: IconCopy, shortcuts: ['Mod+C'], enabled: hasDocument, run: () => copyPicture(true) },
  { id: 'edit.copy-merged', title: 'command.edit.copy-merged', shortcuts: ['Mod+Shift+C'], enabled: hasDocument, run: () => copyPicture(false) },
  { id: 'edit.copy-mask', title: 'command.edit.copy-mask', shortcuts: ['Mod+Alt+C'], enabled: hasMask, run: copyMask },
  { id: 'edit.paste', title: 'command.edit.paste', icon: IconClipboard, shortcuts: ['Mod+V'], run: () => paste('layer') },
  { id: 'edit.paste-mask', title: 'command.edit.paste-mask', shortcuts: ['Mod+Alt+V'], enabled: canChange, run: () => paste('mask') },
]
