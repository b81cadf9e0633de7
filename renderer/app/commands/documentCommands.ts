/** New, open, save, export, and what changes the canvas as a whole. */
import { IconDeviceFloppy, IconFileExport, IconFilePlus, IconFolderOpen, IconPhoto } from '@tabler/icons-react'
import { z } from 'zod'
import { change, documentStore } from '../../stores/documentStore.ts'
import { openDialog } from '../../stores/dialogStore.ts'
import { toolStore } from '../../stores/toolStore.ts'
import { closeProject, openRecent, openOtherDocument, openSample, pickPicture, pickPictureAsLayer, pickProject, restoreStroke, retryOpen, saveProject } from '../actions/open.ts'
import type { Command } from './command.ts'
import { canChange, hasDocument } from './when.ts'

/** What a notice about an unfinished stroke carries. */
const strokePlace = z.object({ document: z.number(), stroke: z.number() })

/** Commands of the File and Image menus. */
export const documentCommands: readonly Command[] = [
  { id: 'file.new', title: 'command.file.new', icon: IconFilePlus, shortcuts: ['Mod+N'], moment: 'window', run: () => openDialog({ kind: 'new' }) },
  { id: 'file.open', title: 'command.file.open', icon: IconPhoto, shortcuts: ['Mod+O'], moment: 'window', run: pickPicture },
  { id: 'file.open-project', title: 'command.file.open-project', icon: IconFolderOpen, shortcuts: ['Mod+Shift+O'], moment: 'window', run: pickProject },
  { id: 'file.open-recent', title: 'command.file.open-recent', keyOnly: true, run: (payload) => (typeof payload === 'string' ? openRecent(payload) : null) },
  { id: 'file.open-sample', title: 'command.file.open-sample', moment: 'window', run: openSample },
  { id: 'file.place', title: 'command.file.place', enabled: canChange, run: pickPictureAsLayer },
  { id: 'file.save', title: 'command.file.save', icon: IconDeviceFloppy, shortcuts: ['Mod+S'], moment: 'window', enabled: hasDocument, run: saveProject },
  { id: 'file.rename', title: 'command.file.rename', enabled: hasDocument, run: () => openDialog({ kind: 'rename-project' }) },
  { id: 'file.export', title: 'command.file.export', icon: IconFileExport, shortcuts: ['Mod+Shift+E'], moment: 'window', enabled: hasDocument, run: () => openDialog({ kind: 'export' }) },
  { id: 'file.close', title: 'command.file.close', shortcuts: ['Mod+Shift+W'], moment: 'window', enabled: () => documentStore.getState().project !== null, run: closeProject },
  { id: 'file.open-document', title: 'command.file.open-document', keyOnly: true, run: (payload) => (typeof payload === 'number' ? openOtherDocument(payload) : null) },
  { id: 'stroke.restore', title: 'command.stroke.restore', keyOnly: true, run: (payload) => restoreStroke(strokePlace.parse(payload)) },
  { id: 'file.retry-open', title: 'command.file.retry-open', keyOnly: true, run: retryOpen },
  { id: 'image.size', title: 'command.image.size', shortcuts: ['Mod+Alt+I'], enabled: canChange, run: () => openDialog({ kind: 'image-size' }) },
  { id: 'image.canvas-size', title: 'command.image.canvas-size', enabled: canChange, run: () => openDialog({ kind: 'canvas-size' }) },
  { id: 'image.crop', title: 'command.image.crop', enabled: canChange, run: () => toolStore.setState({ tool: 'frame', held: null }) },
  { id: 'image.straighten', title: 'command.image.straighten', enabled: canChange, run: () => openDialog({ kind: 'straighten' }) },
  { id: 'image.turn-right', title: 'command.image.turn-right', enabled: canChange, run: () => change({ change: 'canvas.turn', quarters: 1 }) },
  { id: 'image.turn-left', title: 'command.image.turn-left', enabled: canChange, run: () => change({ change: 'canvas.turn', quarters: 3 }) },
  { id: 'image.turn-half', title: 'command.image.turn-half', enabled: canChange, run: () => change({ change: 'canvas.turn', quarters: 2 }) },
  { id: 'image.flip-horizontal', title: 'command.image.flip-horizontal', enabled: canChange, run: () => change({ change: 'canvas.flip', axis: 'horizontal' }) },
  { id: 'image.flip-vertical', title: 'command.image.flip-vertical', enabled: canChange, run: () => change({ change: 'canvas.flip', axis: 'vertical' }) },
]
