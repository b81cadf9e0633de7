/** Opening, saving and closing. What was open stays open until the new thing is there: a bad file changes nothing. */
import type { InputOf, OutputOf } from '../../../preload/contract/channels.ts'
import type { DocumentView } from '../../../preload/contract/documents.ts'
import type { FileInfo } from '../../../preload/contract/files.ts'
import { AppError } from '../../../preload/contract/result.ts'
import { bridge, call } from '../../api/client.ts'
import { strokesStored } from '../../stores/canvasPort.ts'
import { closeDialog, openDialog, tellProblem } from '../../stores/dialogStore.ts'
import { change, documentStore, inTurn, place, refreshProjects, takeProject, takeView } from '../../stores/documentStore.ts'
import { refreshHistory } from '../../stores/historyStore.ts'
import { layoutStore } from '../../stores/layoutStore.ts'
import { refreshStaged } from '../../stores/stagingStore.ts'
import { tellNotice } from '../../stores/sessionStore.ts'
import { t } from '../../strings/t.ts'

/** A file name without its ending, as a project's name. */
export function plainName(name: string): string {
  return name.replace(/\.[^.]{1,5}$/, '').trim().slice(0, 200) || t('app.untitled')
}

/** Shows a document and reads what belongs to it. */
async function show(view: DocumentView): Promise<void> {
  takeView(view)
  remember({ project: view.project, document: view.document })
  layoutStore.setState({ screen: null })
  await Promise.all([refreshHistory('all'), refreshStaged()])
  void refreshProjects().catch(() => null) // the list of recent projects is read again when it is shown
  void offerStrokes(view.project).catch(() => null) // what a crash left is offered again at the next opening
}

/** Offers the newest stroke that a crash left unfinished. */
async function offerStrokes(project: string): Promise<void> {
  const { strokes } = await call('stroke.recovered', { project })
  const last = strokes.toSorted((a, b) => b.savedAt - a.savedAt)[0]
  if (!last) return
  const action = { label: t('document.recovered.restore'), command: 'stroke.restore', payload: { document: last.document, stroke: last.stroke } }
  tellNotice({ id: 'strokes', level: 'warning', message: t('document.recovered', { n: strokes.length, title: last.title }), sticky: true, over: false, action })
}

/** Brings a stroke back that a crash left unfinished. @throws AppError */
export async function restoreStroke(which: { readonly document: number; readonly stroke: number }): Promise<void> {
  const where = place()
  if (!where) return
  if (where.document !== which.document) await openOtherDocument(which.document)
  await inTurn(() => call('stroke.restore', { project: where.project, document: which.document, stroke: which.stroke }))
}

/** A new project around a new document. The project is taken back when the document cannot be made. */
async function createProject(name: string, content: Pick<InputOf<'documents.create'>, 'file' | 'blank' | 'sample'>): Promise<void> {
  const project = await call('projects.create', { name })
  let view: DocumentView
  try {
    view = await sayingSo(t('document.opening', { name }), call('documents.create', { project: project.project, name, ...content }))
  } catch (error) {
    await call('projects.close', { project: project.project }).catch(() => null) // the error that matters is the first
    throw error
  }
  await takeProject(await call('projects.view', { project: project.project }), null)
  await show(view)
}

/** An empty picture. `colour` "#rrggbb", null = transparent. @throws AppError */
export async function createBlank(blank: { readonly name: string; readonly width: number; readonly height: number; readonly colour: string | null }): Promise<void> {
  await createProject(blank.name, { blank: { width: blank.width, height: blank.height, colour: blank.colour } })
}

/** The bundled sample photograph. @throws AppError */
export async function openSample(): Promise<void> {
  await createProject(t('document.sample'), { sample: true })
}

const PROJECT_ENDINGS = /\.(palimpsest|zip)$/i

/** Opens whatever a file is: a picture, a project, a folder that is a project. One plain dialog when it is none. */
export async function openFile(file: FileInfo): Promise<void> {
  try {
    if (file.folder || PROJECT_ENDINGS.test(file.name)) await openProject({ file: file.file })
    else if (file.bytes === 0) throw new Error(t('document.empty-file', { name: file.name }))
    else await createProject(plainName(file.name), { file: file.file })
  } catch (error) {
    offerRepair(error, { file: file.file }, t('document.cannot-open', { name: file.name }))
  }
}

/** Opens a project and its first document. @throws AppError */
export async function openProject(which: InputOf<'projects.open'>): Promise<void> {
  await closing
  const project = await call('projects.open', which)
  const first = project.documents[0]
  if (!first) throw new Error(t('document.project-empty', { name: project.name }))
  const view = await call('documents.open', { project: project.project, document: first.document })
  await takeProject(project, which)
  await show(view)
  for (const [index, message] of project.notices.entries()) tellNotice({ id: `project-${index}`, level: 'info', message, sticky: false, over: false })
}

/** Opens a project of the list of recent ones. */
export async function openRecent(ref: string): Promise<void> {
  try {
    await openProject({ ref })
  } catch (error) {
    offerRepair(error, { ref }, t('document.cannot-open-project'))
  }
}

/** Another document of the open project. @throws AppError */
export async function openOtherDocument(document: number): Promise<void> {
  const { project } = documentStore.getState()
  if (project) await show(await call('documents.open', { project: project.project, document }))
}

/** what a repair can help with; a project that is open elsewhere or from a newer program is not broken */
const BROKEN = /^project\/(damaged|tree|layers|tile|log|references|schema|blob-|document-lost|parent-lost|no-head|change-lost|unknown-blob)/

/** Tells why something did not open; for a broken project with the way to repair it. */
function offerRepair(error: unknown, which: InputOf<'projects.open'>, title: string): void {
  const broken = error instanceof AppError && BROKEN.test(error.code)
  tellProblem(error, title, broken ? { label: t('document.repair'), run: () => void repair(which) } : null)
}

async function repair(which: InputOf<'projects.open'>): Promise<void> {
  closeDialog('problem')
  try {
    const { report } = await call('projects.repair', which)
    await openProject(which)
    tellNotice({ id: 'repaired', level: 'info', message: report.join(' ') || t('document.repaired'), sticky: true, over: false })
  } catch (error) {
    tellProblem(error, t('document.cannot-repair'))
  }
}

/** Asks for a picture and opens it. */
export async function pickPicture(): Promise<void> {
  const [file] = await bridge().pickFiles({ kind: 'picture', multiple: false })
  if (file) await openFile(file)
}

/** Asks for a project and opens it. */
export async function pickProject(): Promise<void> {
  const [file] = await bridge().pickFiles({ kind: 'project', multiple: false })
  if (file) await openFile(file)
}

/** Asks for pictures and lays them over the open one. @throws AppError */
export async function pickPictureAsLayer(): Promise<void> {
  for (const file of await bridge().pickFiles({ kind: 'picture', multiple: true })) await placePicture(file)
}

/** Work that takes this long is told while it goes on, milliseconds. */
const TELL_AFTER_MS = 500

/** Tells what is going on when it takes a while: a large picture is decoded and cut into tiles before it is shown. */
async function sayingSo<T>(message: string, work: Promise<T>): Promise<T> {
  const notice = { id: 'opening', level: 'info', message, sticky: true } as const
  const timer = setTimeout(() => tellNotice({ ...notice, over: false }), TELL_AFTER_MS)
  try {
    return await work
  } finally {
    clearTimeout(timer)
    tellNotice({ ...notice, over: true })
  }
}

/** Lays a picture over the open one. @throws AppError */
export async function placePicture(file: FileInfo): Promise<void> {
  const before = new Set(documentStore.getState().document?.layers.map(({ id }) => id))
  const name = plainName(file.name)
  const view = await sayingSo(t('document.opening', { name }), change({ change: 'layer.import', file: file.file, name, above: null }))
  documentStore.setState({ selected: view.layers.filter(({ id }) => !before.has(id)).map(({ id }) => id) })
}

/** A copy of the project as one file. The project itself is saved with every operation. @throws AppError */
export async function saveProject(): Promise<void> {
  const { project } = documentStore.getState()
  if (!project) return
  const target = await bridge().pickTarget({ name: `${project.name}.palimpsest`, kind: 'project' })
  if (!target) return
  await call('projects.zip', { project: project.project, target: target.target })
  await bridge().targetWritten(target)
  tellNotice({ id: 'saved', level: 'info', message: t('document.saved-as', { name: target.name }), sticky: false, over: false })
}

/** Closes the project; everything in it is on the disk already. */
export async function closeProject(): Promise<void> {
  await strokesStored()
  const { project } = documentStore.getState()
  documentStore.setState({ project: null, document: null, selected: [], reopen: null })
  remember(null)
  closing = project ? call('projects.close', { project: project.project }).catch((error: unknown) => tellProblem(error, t('error.title'))) : closing
  await Promise.all([closing, refreshHistory('all'), refreshStaged()])
  await refreshProjects()
}

/** The project that is being closed: it may be the very one that is opened next. */
let closing: Promise<unknown> = Promise.resolve()

/** Where this window keeps what it shows, over a reload of its page. */
const OPEN_KEY = 'palimpsest.open'

function remember(open: { readonly project: string; readonly document: number } | null): void {
  if (open) sessionStorage.setItem(OPEN_KEY, JSON.stringify(open))
  else sessionStorage.removeItem(OPEN_KEY)
}

/** After a reload of the page: shows what it showed before, which the host still has open. Nothing when it has not. */
export async function resumeAfterReload(): Promise<void> {
  const kept = sessionStorage.getItem(OPEN_KEY)
  if (kept === null) return
  remember(null)
  const which = JSON.parse(kept) as { project: string; document: number } // remember() wrote it
  try {
    const [project, view] = await Promise.all([call('projects.view', { project: which.project }), call('documents.open', which)])
    await takeProject(project, null)
    await show(view)
  } catch (error) {
    if (!(error instanceof AppError)) throw error // a host that was started anew knows neither: the start screen lists the project
  }
}

/** After the host has come back: opens what was open. Its ids are new ones. */
export async function reopenAfterRestart(): Promise<void> {
  const { project, document, reopen } = documentStore.getState()
  if (!project || !document) return
  const again = (await stillOpen(project.project)) ?? (await openAgain(project, reopen))
  if (!again) return
  const row = again.documents.find((one) => one.document === document.document) ?? again.documents[0]
  if (!row) return
  const view = await call('documents.open', { project: again.project, document: row.document })
  documentStore.setState({ project: again, document: null })
  await show(view)
}

/** The project as the host has it, when only the line to the host was cut; null when the host is a new one. */
function stillOpen(project: string): Promise<OutputOf<'projects.view'> | null> {
  return call('projects.view', { project }).catch(() => null)
}

async function openAgain(project: OutputOf<'projects.open'>, reopen: InputOf<'projects.open'> | null): Promise<OutputOf<'projects.open'> | null> {
  const which = reopen ?? (await recentRef(project))
  return which && call('projects.open', which)
}

/** How to open a project that was made in this session: by its name in the list of recent ones. */
async function recentRef(project: OutputOf<'projects.open'>): Promise<InputOf<'projects.open'> | null> {
  const { projects } = await call('projects.list', {})
  const row = projects.filter(({ name }) => name === project.name).toSorted((a, b) => b.modifiedAt - a.modifiedAt)[0]
  return row ? { ref: row.ref } : null
}

/** What the Retry of a notice about a lost host does. */
export async function retryOpen(): Promise<void> {
  await reopenAfterRestart()
  if (!place()) openDialog({ kind: 'new' })
}
