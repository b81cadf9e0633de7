/** Settings: parts on the left, one part on the right. Everything takes effect at once. */
import { Tabs } from '@mantine/core'
import { IconCpu, IconInfoCircle, IconKeyboard, IconMask, IconPalette, IconShieldLock } from '@tabler/icons-react'
import { useState } from 'react'
import { t } from '../../strings/t.ts'
import { AboutPart } from './AboutPart.tsx'
import { EnginePart } from './EnginePart.tsx'
import { LookPart } from './LookPart.tsx'
import { MasksPart } from './MasksPart.tsx'
import { PrivacyPart } from './PrivacyPart.tsx'
import { ShortcutsPart } from './ShortcutsPart.tsx'
import { firstPart } from './openSettings.ts'
import './settings.css'

const PARTS = [
  { id: 'look', icon: IconPalette, Part: LookPart },
  { id: 'engine', icon: IconCpu, Part: EnginePart },
  { id: 'masks', icon: IconMask, Part: MasksPart },
  { id: 'privacy', icon: IconShieldLock, Part: PrivacyPart },
  { id: 'keys', icon: IconKeyboard, Part: ShortcutsPart },
  { id: 'about', icon: IconInfoCircle, Part: AboutPart },
] as const

/** See the file's head. */
export function SettingsDialog() {
  const [part, setPart] = useState<string | null>(firstPart())
  return (
    <Tabs className="settings" orientation="vertical" value={part} onChange={setPart} keepMounted={false}>
      <Tabs.List aria-label={t('settings.sections')}>
        {PARTS.map(({ id, icon: Icon }) => <Tabs.Tab key={id} value={id} {...(id === part && { 'data-autofocus': true })} leftSection={<Icon size="1rem" stroke={1.5} />}>{t(`settings.${id}`)}</Tabs.Tab>)}
      </Tabs.List>
      {PARTS.map(({ id, Part }) => <Tabs.Panel key={id} value={id} className="settings-part"><Part /></Tabs.Panel>)}
    </Tabs>
  )
}
