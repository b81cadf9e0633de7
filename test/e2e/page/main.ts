/** The page that tests and the benchmark of the canvas drive: one editor over a stand-in host, both within reach. */
import { createEditor, type Editor } from '../../../renderer/canvas/editor.ts'
import type { EditorEvent } from '../../../renderer/canvas/editorTypes.ts'
import { PageHost } from './pageHost.ts'
import { type PageDocument, photographAt } from './pageTiles.ts'

/** What a test finds on `window.canvasPage`. */
export interface CanvasPage {
  open(document: PageDocument): void
  readonly editor: Editor
  readonly host: PageHost
  readonly events: EditorEvent[]
  /** colour on the screen at a CSS position of the container, all canvases laid over each other: RGBA */
  colourAt(x: number, y: number): number[]
  photographAt: typeof photographAt
}

let editor: Editor | null = null
let host: PageHost | null = null
const events: EditorEvent[] = []
const container = document.querySelector<HTMLElement>('#canvas')!

const page: CanvasPage = {
  open: (wanted) => {
    editor?.close()
    host?.close()
    events.length = 0
    host = new PageHost(wanted)
    editor = createEditor({
      container, host, view: host.view, ...(wanted.budget ? { budget: wanted.budget } : {}), onEvent: (event) => events.push(event),
      theme: { surround: '#1f2226', checker: ['#5a5d63', '#6d7076'], accent: '#4c9ffe', onAccent: '#ffffff', reducedMotion: true },
    })
  },
  get editor() {
    return editor!
  },
  get host() {
    return host!
  },
  events,
  colourAt: (x, y) => {
    const ratio = window.devicePixelRatio
    const [left, top] = [Math.floor(x * ratio), Math.floor(y * ratio)]
    const sum = new OffscreenCanvas(1, 1).getContext('2d')!
    for (const canvas of container.querySelectorAll('canvas')) if (canvas.style.display !== 'none') sum.drawImage(canvas, left, top, 1, 1, 0, 0, 1, 1)
    return [...sum.getImageData(0, 0, 1, 1).data]
  },
  photographAt,
}

Object.assign(window, { canvasPage: page })
window.addEventListener('keydown', (event) => editor?.key(event) && event.preventDefault())
