/** What can be done to the mask in force, as buttons; kept masks. */
import { Button, Menu } from '@mantine/core'
import { IconBookmark, IconChevronDown } from '@tabler/icons-react'
import { useState } from 'react'
import type { OutputOf } from '../../../preload/contract/channels.ts'
import { call } from '../../api/client.ts'
import { attempt } from '../../app/actions/attempt.ts'
import { runCommand } from '../../app/commands/registry.ts'
import { useCommand } from '../../app/commands/useCommand.ts'
import { MenuLines } from '../../app/shell/MenuBar.tsx'
import { activeMask, change, place } from '../../stores/documentStore.ts'
import { type PlainKey, t } from '../../strings/t.ts'

const BUTTONS: readonly (readonly [string, PlainKey])[] = [['mask.invert', 'layers.mask.invert'], ['mask.grow', 'layers.mask.grow'], ['mask.shrink', 'layers.mask.shrink'], ['mask.feather', 'layers.mask.feather']]

/** See the file's head. */
export function MaskTools() {
  return (
    <div className="mask-tools" role="group" aria-label={t('layers.mask.operations')}>
      {BUTTONS.map(([id, label]) => <MaskButton key={id} id={id} label={t(label)} />)}
      <Menu position="bottom-end" width={260}>
        <Menu.Target><Button variant="default" size="compact-sm" rightSection={<IconChevronDown size="0.8125rem" />}>{t('common.more')}</Button></Menu.Target>
        <Menu.Dropdown><MenuLines lines={['mask.all', 'mask.none', '-', 'mask.from-layer', 'mask.from-layer-mask', '-', 'mask.import', 'mask.export', '-', 'mask.overlay', 'mask.outline']} /></Menu.Dropdown>
      </Menu>
      <Kept />
    </div>
  )
}

function MaskButton({ id, label }: { readonly id: string; readonly label: string }) {
  const { title, enabled, aria } = useCommand(id)
  return <Button variant="default" size="compact-sm" title={title} disabled={!enabled} {...(aria && { 'aria-keyshortcuts': aria })} onClick={() => void runCommand(id)}>{label}</Button>
}

type Saved = OutputOf<'document.masks'>['masks']

function Kept() {
  const [masks, setMasks] = useState<Saved>([])
  const read = (): void => {
    const where = place()
    if (where) attempt(call('document.masks', where).then((answer) => setMasks(answer.masks)))
  }
  return (
    <Menu position="bottom-end" width={240} onOpen={read}>
      <Menu.Target><Button variant="default" size="compact-sm" leftSection={<IconBookmark size="0.875rem" />}>{t('layers.mask.saved-list')}</Button></Menu.Target>
      <Menu.Dropdown>
        <MenuLines lines={['mask.save']} />
        <Menu.Divider />
        {masks.length === 0 && <Menu.Item disabled>{t('layers.mask.none-saved')}</Menu.Item>}
        {masks.map(({ mask, name }) => (
          <Menu.Item key={mask} onClick={() => attempt(change({ change: 'mask.select', layer: activeMask()?.id ?? null, source: { from: 'saved', mask }, mode: 'replace' }))}>{t('layers.mask.load', { name })}</Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  )
}
