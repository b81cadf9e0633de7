/** Head-up display at the foot of the canvas: zoom, sizes, pointer, and what the keys do now. */
import { Menu, UnstyledButton } from '@mantine/core'
import { documentStore } from '../../stores/documentStore.ts'
import { modelFor, modelsStore } from '../../stores/modelsStore.ts'
import { editStore } from '../../stores/editStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { t } from '../../strings/t.ts'
import { canvasPort } from '../../stores/canvasPort.ts'
import { MenuLines } from '../shell/MenuBar.tsx'

const ZOOMS = [0.25, 0.5, 1, 2, 4, 8]

/** See the file's head. */
export function Hud() {
  const { zoom, rotation, frame } = useShallowStore(viewStore, (state) => ({ zoom: state.zoom, rotation: state.rotation, frame: state.frame }))
  const canvas = useStore(documentStore, ({ document }) => document?.canvas ?? null)
  const chosen = useStore(editStore, (state) => state.model)
  const native = useStore(modelsStore, (state) => modelFor(state, chosen, 'fill')?.size ?? null)
  return (
    <div className="hud number">
      <Menu position="top-start" width={220}>
        <Menu.Target><UnstyledButton className="hud-zoom" aria-label={`${percent(zoom)}, ${t('canvas.zoom')}`}>{percent(zoom)}</UnstyledButton></Menu.Target>
        <Menu.Dropdown>
          {ZOOMS.map((one) => <Menu.Item key={one} onClick={() => canvasPort()?.zoomTo(one)}>{percent(one)}</Menu.Item>)}
          <Menu.Divider />
          <MenuLines lines={['view.fit', 'view.upright', '-', 'view.navigator']} />
        </Menu.Dropdown>
      </Menu>
      {Math.abs(rotation) > 0.05 && <span>{Math.round(rotation * 10) / 10}°</span>}
      {frame ? <span>{t('canvas.frame', { width: frame.width, height: frame.height })}</span> : canvas && <span className="hud-dim">{canvas.width} × {canvas.height}</span>}
      {native !== null && <span className="hud-dim">{t('canvas.model-size', { n: native })}</span>}
      <Pointer />
      <Hints />
    </div>
  )
}

function Pointer() {
  const pointer = useStore(viewStore, (state) => state.pointer)
  return pointer && <span className="hud-dim">{pointer.x}, {pointer.y}</span>
}

function Hints() {
  const hints = useStore(viewStore, (state) => state.hints)
  return (
    <span className="hud-hints" aria-hidden>
      {hints.slice(0, 4).map(({ keys, does }) => <span key={keys}><kbd>{keys}</kbd> {does}</span>)}
    </span>
  )
}

function percent(zoom: number): string {
  const value = zoom * 100
  return `${value >= 10 ? Math.round(value) : Math.round(value * 10) / 10} %`
}
