/** Ties the host's events to the stores; started once by main.tsx. */
import { bridge, on } from '../api/client.ts'
import { documentStore, refreshProjects, takeView } from '../stores/documentStore.ts'
import { editStore } from '../stores/editStore.ts'
import { refreshHistory } from '../stores/historyStore.ts'
import { jobsStore, refreshJobs, takeJob } from '../stores/jobsStore.ts'
import { restoreLayout } from '../stores/layoutStore.ts'
import { refreshModels } from '../stores/modelsStore.ts'
import { loadSession, refreshMemory, sessionStore, tellNotice } from '../stores/sessionStore.ts'
import { takeStaged } from '../stores/stagingStore.ts'
import { t } from '../strings/t.ts'
import { tellInterrupted } from './actions/interrupted.ts'
import { openFile, reopenAfterRestart, resumeAfterReload } from './actions/open.ts'
import { watchPrediction } from './actions/runEdit.ts'
import { setKeyPlatform } from './commands/keys.ts'
import { runCommand } from './commands/registry.ts'

const MEMORY_MS = 4000
const HISTORY_MS = 120

/** Whether news of a document is about the one that is open. */
function isOpen(project: string, document: number): boolean {
  const view = documentStore.getState().document
  return view?.project === project && view.document === document
}

let historyTimer: ReturnType<typeof setTimeout> | undefined
let historyWanted: 'new' | 'pictures' = 'new'
/** Reads what came to the history, once for a burst of changes. */
function historySoon(what: 'new' | 'pictures'): void {
  if (what === 'pictures') historyWanted = what
  clearTimeout(historyTimer)
  historyTimer = setTimeout(() => {
    void refreshHistory(historyWanted).catch(() => null) // the next change asks again
    historyWanted = 'new'
  }, HISTORY_MS)
}

/** Listens to everything the host tells. */
function listen(): void {
  on('document.changed', ({ view }) => {
    if (!isOpen(view.project, view.document)) return
    takeView(view)
    historySoon('new')
  })
  on('project.changed', ({ view }) => {
    if (documentStore.getState().project?.project !== view.project) return
    documentStore.setState({ project: view })
    historySoon('pictures')
  })
  on('job.changed', ({ job }) => {
    takeJob(job)
    if (job.state === 'failed' && job.error) tellNotice({ id: `job-${job.job}`, level: 'error', message: job.error.message, sticky: true, over: false, action: { label: t('notice.retry'), command: 'job.retry', payload: job.job } })
  })
  on('job.preview', (preview) => jobsStore.setState({ preview }))
  on('staging.changed', ({ project, document, edits }) => {
    if (!isOpen(project, document)) return
    takeStaged(edits)
    historySoon('new')
  })
  on('models.changed', () => void refreshModels().catch(() => null)) // the event lacks the defaults
  on('notice', tellNotice)
  on('app.changed', ({ info }) => sessionStore.setState({ info }))
  on('settings.changed', ({ settings }) => sessionStore.setState({ settings }))
  on('network.changed', (network) => sessionStore.setState({ network }))
  on('files.opened', ({ files }) => void openAll(files))
  on('host.restarted', () => void afterRestart())
  bridge().onConnection((connected) => {
    const { connected: before, ready } = sessionStore.getState()
    sessionStore.setState({ connected })
    if (connected && !before && ready) void afterRestart() // not at the very start, when the line is only being made
  })
  bridge().onCommand((command) => void runCommand(command))
}

async function openAll(files: Parameters<typeof openFile>[0][]): Promise<void> {
  for (const file of files) await openFile(file)
}

let restarting: Promise<void> | null = null
/** The host went and came back: everything is asked anew and what was open is opened again. */
function afterRestart(): Promise<void> {
  restarting ??= recover().finally(() => (restarting = null))
  return restarting
}

async function recover(): Promise<void> {
  const retry = { label: t('notice.retry'), command: 'file.retry-open' }
  const { jobs } = jobsStore.getState()
  try {
    await loadSession()
    await Promise.all([refreshJobs(), refreshModels(), reopenAfterRestart()])
    tellInterrupted(jobs)
    tellNotice({ id: 'host', level: 'warning', message: t('error.host.back'), sticky: false, over: false })
  } catch {
    tellNotice({ id: 'host', level: 'error', message: t('error.host.gone'), sticky: true, over: false, action: retry })
  }
}

/** Starts everything: listens, reads settings, models, jobs and the list of projects. @throws AppError */
export async function connect(): Promise<void> {
  listen()
  await loadSession()
  const { info, settings } = sessionStore.getState()
  if (info) setKeyPlatform(info.platform)
  restoreLayout()
  const { prompts } = settings.panels
  if (Array.isArray(prompts)) editStore.setState({ prompts: prompts.filter((one): one is string => typeof one === 'string') })
  watchPrediction()
  setInterval(() => void refreshMemory(), MEMORY_MS)
  await Promise.all([refreshModels(), refreshJobs(), refreshProjects(), refreshMemory(), resumeAfterReload()])
}
