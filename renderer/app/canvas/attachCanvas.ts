/**
 * Ties the canvas to the stores: what the stores say is drawn, what the canvas tells is kept. Everything is pushed; React
 * never draws a pixel.
 */
import { type Editor, createEditor } from '../../canvas/editor.ts'
import type { EditorEvent, EditorHost, EditorTheme } from '../../canvas/editorTypes.ts'
import type { ToolId, ToolOptions } from '../../canvas/tools/toolTypes.ts'
import { call, on } from '../../api/client.ts'
import { setCanvasPort } from '../../stores/canvasPort.ts'
import { documentStore, inTurn, openDocument, place, selectLayers, selectedLayer, takeView } from '../../stores/documentStore.ts'
import { editStore, setForm } from '../../stores/editStore.ts'
import { jobsStore } from '../../stores/jobsStore.ts'
import { sessionStore, tellNotice } from '../../stores/sessionStore.ts'
import { shownResult, stagingStore } from '../../stores/stagingStore.ts'
import { activeTool, brushOf, setBrush, setToolOptions, toolStore } from '../../stores/toolStore.ts'
import { viewStore } from '../../stores/viewStore.ts'
import { t } from '../../strings/t.ts'
import { expandOf } from './frame.ts'
import { placedPreview } from './livePreview.ts'

/** The canvas' port to the host. Changes go through the one line of the document store. */
const host: EditorHost = {
  readTiles: async (tiles) => call('tiles.read', { ...where(), tiles: [...tiles] }),
  readStagedTiles: async ({ operation, ordinal }, tiles) => (await call('tiles.staged', { ...where(), operation, ordinal, tiles: [...tiles] })).tiles,
  beginStroke: async (start) => call('stroke.begin', { ...where(), start }),
  saveStroke: async (stroke, tiles) => void (await call('stroke.save', { ...where(), stroke, tiles: [...tiles] })),
  commitStroke: (stroke, start, tiles) => inTurn(() => call('stroke.commit', { ...where(), stroke, start, tiles: [...tiles] })),
  discardStroke: async (stroke) => void (await call('stroke.discard', { ...where(), stroke })),
  change: (change) => inTurn(() => call('document.change', { ...where(), base: openDocument().head, change })),
  pick: async (x, y) => (await call('document.pick', { ...where(), x, y })).colour,
}

function where(): { project: string; document: number } {
  const ids = place()
  if (!ids) throw new Error('no document is open')
  return ids
}

/** Puts the canvas into an element; returns how to take it away. A document must be open. */
export function attachCanvas(container: HTMLElement): () => void {
  const editor = createEditor({ container, host, view: openDocument(), theme: themeNow(), label: t('shell.canvas'), onEvent: (event) => take(event) })
  setCanvasPort({
    fit: () => editor.fit(), zoomTo: (zoom) => editor.zoomTo(zoom), zoomBy: (factor) => (factor > 1 ? editor.zoomIn() : editor.zoomOut()), resetRotation: () => editor.rotateTo(0), lookAt: (at) => editor.lookAt(at),
    key: (event) => editor.key(event), settled: () => editor.settled(), setSelection: (box) => editor.setSelection(box),
    setGlow: (glow, opacity) => editor.setGlow(glow, opacity), setWordPaint: (tiles) => editor.setWordPaint(tiles), toScreen: (at) => editor.toScreen(at), focus: () => editor.focus(), stats: () => editor.stats,
  })
  const stops = [followDocument(editor), followTools(editor), followView(editor), followRuns(editor), followTheme(editor)]
  return () => {
    for (const stop of stops) stop()
    setCanvasPort(null)
    editor.close()
  }
}

/** The document, tile by tile as the host says what has changed. */
function followDocument(editor: Editor): () => void {
  const stops = [
    on('document.changed', ({ view, tiles }) => {
      const open = documentStore.getState().document
      if (open?.project === view.project && open.document === view.document) editor.setDocument(view, tiles)
    }),
    documentStore.subscribe(({ document }, old) => {
      if (document && document !== old.document) editor.setDocument(document, [])
    }),
  ]
  return () => stops.forEach((stop) => stop())
}

/** Tool and its settings; the layer they work on is the selected one. */
function followTools(editor: Editor): () => void {
  const push = (): void => {
    const state = toolStore.getState()
    const tool = activeTool(state)
    const { sampleAll, ...options } = state.options
    const layer = selectedLayer()?.id ?? null
    const { selected: layers } = documentStore.getState()
    const kind = brushOf(tool)
    const all: Partial<ToolOptions> = { ...options, layer, layers, sampleLayer: sampleAll ? null : layer, ...(kind && { brush: state.brushes[kind] }) }
    if (editor.tool === tool) editor.setToolOptions(all)
    else editor.setTool(tool, all)
  }
  push()
  const stops = [toolStore.subscribe(push), documentStore.subscribe((state, old) => (state.selected === old.selected && state.document?.layers === old.document?.layers ? undefined : push()))]
  return () => stops.forEach((stop) => stop())
}

/** Overlay of the mask, comparing, and the staged result that is looked at. */
function followView(editor: Editor): () => void {
  const push = (): void => {
    const { overlay, outline, original, compare, split } = viewStore.getState()
    const { maskOpacity } = sessionStore.getState().settings
    // a result is judged without colour over it; the outline still tells where the mask is
    const bare = outline || stagingStore.getState().current !== null
    editor.setMaskLook({ visible: overlay, opacity: bare ? 0 : maskOpacity, pattern: !bare, outline: bare })
    editor.setComparison(original ? { show: 'original' } : compare === 'none' ? { show: 'document' } : compare === 'split' ? { show: 'split', at: split } : { show: 'difference' })
  }
  const stage = (): void => {
    const shown = shownResult(stagingStore.getState())
    editor.setStaged(shown && { operation: shown.edit.operation, ordinal: shown.result.ordinal })
  }
  push()
  stage()
  const stops = [
    viewStore.subscribe((state, old) => {
      if ((['overlay', 'outline', 'original', 'compare', 'split'] as const).some((key) => state[key] !== old[key])) push()
    }),
    sessionStore.subscribe(({ settings }, old) => {
      if (settings !== old.settings) push()
    }),
    stagingStore.subscribe((state, old) => {
      if (state.current === old.current && state.edits === old.edits) return
      stage()
      push()
    }),
  ]
  return () => stops.forEach((stop) => stop())
}

/** Live previews of the run. */
function followRuns(editor: Editor): () => void {
  return jobsStore.subscribe(({ preview, jobs }, old) => {
    if (preview === old.preview) return
    const { document } = documentStore.getState()
    const job = jobs.find((one) => one.job === preview?.job)
    const elsewhere = job && document && (job.project !== document.project || job.document !== document.document)
    editor.setPreview(preview && document && !elsewhere ? placedPreview(preview, document.canvas, job?.kind === 'expand') : null)
  })
}

/** Colours of the canvas come from the same tokens as everything else. */
function followTheme(editor: Editor): () => void {
  const observer = new MutationObserver(() => editor.setTheme(themeNow()))
  observer.observe(document.documentElement, { attributes: true, attributeFilter: ['data-mantine-color-scheme', 'data-motion'] })
  return () => observer.disconnect()
}

function themeNow(): EditorTheme {
  const style = getComputedStyle(document.documentElement)
  const token = (name: string, otherwise: string): string => style.getPropertyValue(`--p-${name}`).trim() || otherwise
  const motion = document.documentElement.dataset['motion']
  return {
    surround: token('surround', '#1a1a1b'), checker: [token('checker-a', '#2a2a2c'), token('checker-b', '#343437')], accent: token('focus', '#79a0fb'), onAccent: token('on-accent', '#ffffff'),
    reducedMotion: motion === 'on' || (motion !== 'off' && matchMedia('(prefers-reduced-motion: reduce)').matches),
  }
}

/** What the canvas tells. */
function take(event: EditorEvent): void {
  switch (event.type) {
    case 'view': return viewStore.setState({ zoom: event.view.zoom, rotation: event.view.degrees, seen: event.view.seen, corners: event.view.corners })
    case 'cursor': return viewStore.setState({ pointer: event.at && { x: Math.floor(event.at.x), y: Math.floor(event.at.y) } })
    case 'tool': return takeTool(event.tool, event.options)
    case 'hints': return viewStore.setState({ hints: event.hints })
    case 'colour': return event.colour === null ? undefined : setToolOptions({ colour: event.colour })
    case 'document': return takeView(event.view)
    case 'selection': return viewStore.setState({ selection: event.box })
    case 'split': return viewStore.setState({ split: event.at })
    case 'frame': return takeFrame(event.frame?.box ?? null)
    case 'word-paint': return viewStore.getState().onWordPaint?.(event.tiles)
    case 'notice': return tellNotice({ id: `canvas-${event.message}`, level: 'warning', message: event.message, sticky: false, over: false })
    case 'stroke-failed': return tellNotice({ id: 'stroke', level: 'error', message: event.message, sticky: true, over: false })
    case 'stroke': return takeStroke(event.phase)
    case 'layer-made': return selectLayers([event.layer])
    case 'layer-transform': return undefined
  }
}

function takeStroke(phase: 'started' | 'saved' | 'committed' | 'discarded'): void {
  if (phase !== 'saved') viewStore.setState({ drawing: phase === 'started' })
  if (phase === 'committed') tellNotice({ id: 'stroke', level: 'info', message: '', sticky: false, over: true })
}

/** The canvas has changed the tool or its settings itself (a key held, Alt and right-drag). */
function takeTool(tool: ToolId, options: ToolOptions): void {
  const state = toolStore.getState()
  if (tool !== 'frame' && viewStore.getState().frame) viewStore.setState({ frame: null })
  const kind = brushOf(tool)
  if (kind && !sameValues(state.brushes[kind], options.brush)) setBrush(kind, options.brush)
  const { brush: _brush, layer: _layer, layers: _layers, sampleLayer: _sampleLayer, ...plain } = options
  if (!sameValues(plain, state.options)) setToolOptions(plain)
  if (tool !== activeTool(toolStore.getState())) toolStore.setState({ tool, held: null })
}

/** Whether every value of the first is the second's too. */
function sameValues(a: object, b: object): boolean {
  return Object.entries(a).every(([key, value]) => Object.is(value, (b as Readonly<Record<string, unknown>>)[key])) // read only
}

/** A frame that reaches beyond the picture says how far Expand is to go. */
function takeFrame(frame: { x: number; y: number; width: number; height: number } | null): void {
  viewStore.setState({ frame })
  const { document } = documentStore.getState()
  if (!frame || !document) return
  const expand = expandOf(frame, document.canvas)
  if (editStore.getState().intent === 'expand') setForm({ expand })
}
