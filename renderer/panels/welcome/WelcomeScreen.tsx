/** What the window shows while nothing is open: what this is, the next step, and what was open before. */
import { Button } from '@mantine/core'
import { IconPhoto, IconWand } from '@tabler/icons-react'
import type { ProjectRow } from '../../../preload/contract/documents.ts'
import { attempt } from '../../app/actions/attempt.ts'
import { openRecent } from '../../app/actions/open.ts'
import { formatShortcut } from '../../app/commands/keys.ts'
import { commandById, runCommand, shortcutsOf } from '../../app/commands/registry.ts'
import { Wordmark } from '../../app/shell/Wordmark.tsx'
import { useMedia } from '../../app/useMedia.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { Picture } from '../../ui/Picture.tsx'
import { whenText } from './when.ts'
import './welcome.css'

/** Projects of the list that are shown. */
const SHOWN = 12

/** See the file's head. */
export function WelcomeScreen() {
  const projects = useStore(documentStore, (state) => state.projects)
  return (
    <div className="welcome">
      <div className="welcome-inner">
        <header className="welcome-head">
          <span className="welcome-mark"><Wordmark /></span>
          <h1>{t('app.name')}</h1>
          <p>{t('welcome.line')}</p>
        </header>
        <div className="welcome-actions">
          <Button size="md" leftSection={<IconPhoto size="1.125rem" stroke={1.6} />} rightSection={<Key command="file.open" />} onClick={() => void runCommand('file.open')}>{t('welcome.open')}</Button>
          <Button size="md" variant="default" leftSection={<IconWand size="1.125rem" stroke={1.6} />} title={t('welcome.sample.about')} onClick={() => void runCommand('file.open-sample')}>{t('welcome.sample')}</Button>
        </div>
        <p className="welcome-drop">
          {t('welcome.drop')} · <button type="button" onClick={() => void runCommand('file.new')}>{t('welcome.new')}</button> · <button type="button" onClick={() => void runCommand('file.open-project')}>{t('welcome.project')}</button>
        </p>
        <section className="welcome-recent" aria-labelledby="welcome-recent">
          <h2 id="welcome-recent">{t('welcome.recent')}</h2>
          {projects.length === 0 ? <p className="welcome-dim">{t('welcome.recent.none')}</p> : <ul>{projects.slice(0, SHOWN).map((project) => <Recent key={project.ref} project={project} />)}</ul>}
        </section>
        <p className="welcome-dim welcome-local">{t('welcome.local')}</p>
      </div>
    </div>
  )
}

/** The key of a command, quietly. */
function Key({ command }: { readonly command: string }) {
  const found = commandById(command)
  const key = found && shortcutsOf(found)[0]
  return key ? <span className="welcome-key" aria-hidden>{formatShortcut(key)}</span> : null
}

function Recent({ project }: { readonly project: ProjectRow }) {
  const thumbnail = useMedia(project.thumbnail)
  const name = project.name === '' ? t('app.untitled') : project.name
  const when = project.missing ? t('welcome.recent.missing') : whenText(project.modifiedAt, Date.now())
  return (
    <li>
      <button type="button" disabled={project.missing} onClick={() => attempt(openRecent(project.ref))}>
        <Picture src={thumbnail} alt="" className="welcome-thumb" />
        <strong>{name}</strong>
        <small>{when}</small>
      </button>
    </li>
  )
}
