/** What the window shows while nothing is open: the next step, and what was open before. */
import { Button } from '@mantine/core'
import { IconPhoto } from '@tabler/icons-react'
import { attempt } from '../../app/actions/attempt.ts'
import { openRecent } from '../../app/actions/open.ts'
import { runCommand } from '../../app/commands/registry.ts'
import { useMedia } from '../../app/useMedia.ts'
import type { ProjectRow } from '../../../preload/contract/documents.ts'
import { documentStore } from '../../stores/documentStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { Picture } from '../../ui/Picture.tsx'

const SHOWN = 12

/** See the file's head. */
export function Start() {
  const projects = useStore(documentStore, (state) => state.projects)
  return (
    <div className="start">
      <div className="start-card">
        <h1>{t('document.start.title')}</h1>
        <p>{t('document.start.about')}</p>
        <div className="start-buttons">
          <Button size="sm" leftSection={<IconPhoto size="1.0625rem" />} onClick={() => void runCommand('file.open')}>{t('document.start.open')}</Button>
          <Button size="sm" variant="default" onClick={() => void runCommand('file.open-sample')}>{t('document.start.sample')}</Button>
          <Button size="sm" variant="default" onClick={() => void runCommand('file.new')}>{t('document.start.new')}</Button>
        </div>
        <p className="start-drop">{t('document.start.drop')}</p>
      </div>
      {projects.length > 0 && (
        <section className="start-recent" aria-labelledby="start-recent">
          <h2 id="start-recent">{t('document.start.recent')}</h2>
          <ul>{projects.slice(0, SHOWN).map((project) => <Recent key={project.ref} project={project} />)}</ul>
        </section>
      )}
    </div>
  )
}

function Recent({ project }: { readonly project: ProjectRow }) {
  const thumbnail = useMedia(project.thumbnail)
  const { name, missing, modifiedAt, documents } = project
  const when = new Date(modifiedAt).toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
  return (
    <li>
      <button type="button" disabled={missing} onClick={() => attempt(openRecent(project.ref))}>
        <Picture src={thumbnail} alt="" className="start-thumb" />
        <strong>{name || t('app.untitled')}</strong>
        <small>{missing ? t('document.start.missing') : documents !== null && documents > 1 ? `${when} · ${t('document.start.documents', { n: documents })}` : when}</small>
      </button>
    </li>
  )
}
