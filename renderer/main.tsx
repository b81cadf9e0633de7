/** Starts the window: the first picture of the frame comes before the host has answered. */
import '@mantine/core/styles.css'
import '@mantine/notifications/styles.css'
import './app/base.css'
import './app/shell/shell.css'
import './ui/ui.css'
import './panels/panels.css'
import './api/folderDialog.css'
import { createRoot } from 'react-dom/client'
import { App } from './app/App.tsx'
import { connect } from './app/connect.ts'
import { panels } from './panels/registry.ts'
import { layoutStore } from './stores/layoutStore.ts'
import { tellProblem } from './stores/dialogStore.ts'
import { t } from './strings/t.ts'

layoutStore.setState({ known: panels.map(({ id }) => id) })
createRoot(document.getElementById('root')!).render(<App />) // index.html has it
if (Object.hasOwn(window, 'palimpsest')) connect().catch((error: unknown) => tellProblem(error, t('error.title')))
else tellProblem(new Error(t('error.bridge')), t('error.title'))
