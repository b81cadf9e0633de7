/** About: what this is, which version, the licences of others, the log. */
import { Button, Tabs } from '@mantine/core'
import { useEffect, useState } from 'react'
import { call } from '../../api/client.ts'
import { bytesText } from '../../app/format.ts'
import { Wordmark } from '../../app/shell/Wordmark.tsx'
import { sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import './settings.css'

/** See the file's head. */
export function AboutPart() {
  const info = useStore(sessionStore, (state) => state.info)
  const device = info?.devices.find(({ chosen }) => chosen)
  const facts = info === null ? [] : [
    [t('about.platform'), `${info.platform}, ${info.shell}`], [t('about.device'), device?.name ?? ''], [t('about.memory'), bytesText(info.memoryBytes)],
  ].filter(([, value]) => value !== '')
  return (
    <div className="about-part">
      <div className="about-head">
        <span className="about-mark" aria-hidden><Wordmark /></span>
        <div>
          <h3>{t('app.name')}</h3>
          {info && <p className="settings-dim">{t('about.version', { version: info.version })} · {t('about.engine', { version: info.engineVersion })}</p>}
          <p>{t('about.line')}</p>
        </div>
      </div>
      <dl className="about-facts">{facts.map(([name, value]) => <div key={name}><dt>{name}</dt><dd>{value}</dd></div>)}</dl>
      <Tabs defaultValue="notices" keepMounted={false}>
        <Tabs.List><Tabs.Tab value="notices">{t('about.notices')}</Tabs.Tab><Tabs.Tab value="log">{t('about.log')}</Tabs.Tab></Tabs.List>
        <Tabs.Panel value="notices"><LongText label={t('about.notices')} intro={t('about.notices.body')} read={() => call('app.notices', {})} empty="" /></Tabs.Panel>
        <Tabs.Panel value="log"><LongText label={t('about.log')} intro={t('about.log.body')} read={() => call('app.log', { lines: 500 })} empty={t('about.log.empty')} copy atEnd /></Tabs.Panel>
      </Tabs>
    </div>
  )
}

/** A long text of the host's; a log is read from its end. */
function LongText({ label, intro, read, empty, copy = false, atEnd = false }: { readonly label: string; readonly intro: string; readonly read: () => Promise<{ text: string }>; readonly empty: string; readonly copy?: boolean; readonly atEnd?: boolean }) {
  const [text, setText] = useState<string | null>(null)
  const [copied, setCopied] = useState(false)
  const [frame, setFrame] = useState<HTMLPreElement | null>(null)
  useEffect(() => {
    let wanted = true
    read().then((answer) => { if (wanted) setText(answer.text) }).catch((error: unknown) => { if (wanted) setText(error instanceof Error ? error.message : String(error)) })
    return () => { wanted = false }
    // asked once, when it is shown
  }, [])
  useEffect(() => { if (frame && atEnd) frame.scrollTop = frame.scrollHeight }, [frame, atEnd, text])
  return (
    <div className="about-text">
      <div className="settings-line">
        <p className="settings-dim">{intro}</p>
        {copy && <Button variant="default" size="compact-sm" disabled={!text} onClick={() => void navigator.clipboard.writeText(text ?? '').then(() => setCopied(true))}>{t(copied ? 'about.log.copied' : 'about.log.copy')}</Button>}
      </div>
      <pre ref={setFrame} tabIndex={0} aria-label={label}>{text === null ? t('about.reading') : text.trim() === '' ? empty : text}</pre>
    </div>
  )
}
