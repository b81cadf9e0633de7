/** Ways to look at the picture. */
import { IconColumns2, IconContrast2, IconMap2, IconMaximize, IconZoomIn, IconZoomOut } from '@tabler/icons-react'
import { canvasPort } from '../../stores/canvasPort.ts'
import { changeLayout, layoutStore } from '../../stores/layoutStore.ts'
import { type ViewState, viewStore } from '../../stores/viewStore.ts'
import type { Command } from './command.ts'
import { hasDocument } from './when.ts'

function compare(mode: ViewState['compare']): void {
  viewStore.setState((state) => ({ compare: state.compare === mode ? 'none' : mode }))
}

/** Commands of the View menu. */
export const viewCommands: readonly Command[] = [
  { id: 'view.zoom-in', title: 'command.view.zoom-in', icon: IconZoomIn, shortcuts: ['Mod+=', 'Mod+Plus', 'Plus', '='], enabled: hasDocument, run: () => canvasPort()?.zoomBy(1.5) },
  { id: 'view.zoom-out', title: 'command.view.zoom-out', icon: IconZoomOut, shortcuts: ['Mod+-', '-'], enabled: hasDocument, run: () => canvasPort()?.zoomBy(1 / 1.5) },
  { id: 'view.fit', title: 'command.view.fit', icon: IconMaximize, shortcuts: ['Mod+0'], enabled: hasDocument, run: () => canvasPort()?.fit() },
  { id: 'view.actual', title: 'command.view.actual', shortcuts: ['Mod+1'], enabled: hasDocument, run: () => canvasPort()?.zoomTo(1) },
  { id: 'view.double', title: 'command.view.double', shortcuts: ['Mod+2'], enabled: hasDocument, run: () => canvasPort()?.zoomTo(2) },
  { id: 'view.upright', title: 'command.view.upright', enabled: hasDocument, run: () => canvasPort()?.resetRotation() },
  { id: 'view.original', title: 'command.view.original', shortcuts: ['\\'], enabled: hasDocument, run: () => viewStore.setState({ original: true }), release: () => viewStore.setState({ original: false }) },
  { id: 'view.split', title: 'command.view.split', icon: IconColumns2, shortcuts: ['Y'], enabled: hasDocument, checked: () => viewStore.getState().compare === 'split', run: () => compare('split') },
  { id: 'view.difference', title: 'command.view.difference', icon: IconContrast2, shortcuts: ['Shift+Y'], enabled: hasDocument, checked: () => viewStore.getState().compare === 'difference', run: () => compare('difference') },
  { id: 'view.navigator', title: 'command.view.navigator', icon: IconMap2, enabled: hasDocument, checked: () => layoutStore.getState().navigator, run: () => changeLayout({ navigator: !layoutStore.getState().navigator }) },
]
