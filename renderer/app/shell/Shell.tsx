/** How the window is divided: menu, options, tools, canvas, panels, strip, status. */
import { useEffect } from 'react'
import { layoutStore } from '../../stores/layoutStore.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { stagingStore } from '../../stores/stagingStore.ts'
import { t } from '../../strings/t.ts'
import { StagingStrip } from '../../panels/staging/StagingStrip.tsx'
import { Start } from '../../panels/document/Start.tsx'
import { Splitter } from '../../ui/Splitter.tsx'
import { useSlot, Slot } from '../../ui/slots.tsx'
import { changeLayout } from '../../stores/layoutStore.ts'
import { CanvasArea } from '../canvas/CanvasArea.tsx'
import { DropZones } from './DropZones.tsx'
import { Dialogs } from './Dialogs.tsx'
import { MenuBar } from './MenuBar.tsx'
import { Notices } from './Notices.tsx'
import { OptionsBar } from './OptionsBar.tsx'
import { Palette } from './Palette.tsx'
import { RightSide } from './RightSide.tsx'
import { Screen } from './Screen.tsx'
import { StatusBar } from './StatusBar.tsx'
import { ToolBar } from './ToolBar.tsx'

/** See the file's head. */
export function Shell() {
  const hidden = useStore(layoutStore, (state) => state.hidden)
  const screen = useStore(layoutStore, (state) => state.screen)
  const open = useStore(documentStore, ({ document }) => document !== null)
  const welcomes = useSlot('start')
  const right = useStore(layoutStore, (state) => (open && !state.hidden ? state.rightWidth / 16 : 0))
  const below = useStore(stagingStore, ({ edits }) => edits.some(({ results }) => results.length > 0))
  const strip = useStore(layoutStore, (state) => (open && below ? state.stripHeight / 16 : 0))
  useEffect(() => {
    document.documentElement.style.setProperty('--p-right', `${right}rem`)
    document.documentElement.style.setProperty('--p-strip', `${strip}rem`)
  }, [right, strip])
  return (
    <div className="shell" data-hidden={hidden || undefined}>
      <MenuBar />
      <div className="shell-middle">
        {screen !== null && <Screen id={screen} />}
        {open ? <Editor hidden={hidden} shown={screen === null} /> : screen === null && <main className="shell-start">{welcomes ? <Slot id="start" /> : <Start />}</main>}
      </div>
      <StatusBar />
      <DropZones />
      <Dialogs />
      <Palette />
      <Notices />
    </div>
  )
}

/** The editor stays behind a screen, so that the canvas keeps its tiles and its place. */
function Editor({ hidden, shown }: { readonly hidden: boolean; readonly shown: boolean }) {
  const width = useStore(layoutStore, (state) => state.rightWidth)
  return (
    <div className="editor" inert={!shown} style={shown ? undefined : { visibility: 'hidden' }}>
      {!hidden && <ToolBar />}
      <div className="editor-centre">
        {!hidden && <OptionsBar />}
        <CanvasArea />
        <Strip />
      </div>
      {!hidden && (
        <>
          <Splitter label={t('shell.resize')} axis="x" grows="backward" size={width} least={264} most={720} onChange={(rightWidth) => changeLayout({ rightWidth })} />
          <RightSide width={width} />
        </>
      )}
    </div>
  )
}

function Strip() {
  const filled = useStore(stagingStore, ({ edits }) => edits.some(({ results }) => results.length > 0))
  const height = useStore(layoutStore, (state) => state.stripHeight)
  if (!filled) return null
  return (
    <>
      <Splitter label={t('shell.resize.strip')} axis="y" grows="backward" size={height} least={104} most={360} onChange={(stripHeight) => changeLayout({ stripHeight })} />
      <StagingStrip height={height} />
    </>
  )
}
