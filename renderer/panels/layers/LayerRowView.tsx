/** One layer of the list. */
import { Menu, TextInput } from '@mantine/core'
import { IconBrush, IconChevronRight, IconDots, IconEye, IconEyeOff, IconFolder, IconHighlight, IconLock, IconLockOpen, IconMask, IconPhoto, IconWand } from '@tabler/icons-react'
import { useState } from 'react'
import type { LayerView } from '../../../preload/contract/documents.ts'
import { attempt } from '../../app/actions/attempt.ts'
import { beginPictureDrag, endPictureDrag, leaveRest, restOn } from '../../app/actions/dragPictures.ts'
import { MenuLines } from '../../app/shell/MenuBar.tsx'
import { change, selectLayers } from '../../stores/documentStore.ts'
import { t } from '../../strings/t.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { LayerThumb } from './LayerThumb.tsx'
import type { Drop, LayerRow } from './order.ts'

type RowProps = {
  readonly row: LayerRow
  readonly selected: boolean
  readonly active: boolean
  readonly folded: boolean
  readonly focusable: boolean
  readonly drop: Drop['where'] | null
  readonly onChoose: (event: React.MouseEvent | React.KeyboardEvent) => void
  readonly onFold: () => void
  readonly onDragStart: () => void
  readonly onDragEnd: () => void
  readonly onDragOver: (share: number) => void
  readonly onDrop: () => void
}

const KINDS = { image: IconPhoto, 'edit-result': IconWand, paint: IconBrush, group: IconFolder, mask: IconHighlight } as const
const PICTURE_MENU = ['layer.duplicate', 'layer.merge-down', 'layer.delete', '-', 'layer.mask-add', 'layer.mask-from-active', 'layer.mask-invert', 'layer.mask-remove', '-', 'mask.from-layer', 'mask.from-layer-mask']
const MASK_MENU = ['layer.duplicate', 'layer.delete', '-', 'mask.invert', 'mask.grow', 'mask.shrink', 'mask.feather', '-', 'mask.save', 'mask.export']

const set = (layer: LayerView, settings: Extract<Parameters<typeof change>[0], { change: 'layer.set' }>['set']): void => attempt(change({ change: 'layer.set', layer: layer.id, set: settings }))

/** See the file's head. */
export function LayerRowView({ row, selected, active, folded, focusable, drop, onChoose, onFold, onDragStart, onDragEnd, onDragOver, onDrop }: RowProps) {
  const { layer, depth } = row
  const { name } = layer
  const below = belowName(layer, active)
  const picture = { of: { what: 'layer', layer: layer.id }, name } as const
  const [renaming, setRenaming] = useState(false)
  return (
    <div
      role="treeitem" aria-selected={selected} aria-level={depth + 1} {...(layer.kind === 'group' && { 'aria-expanded': !folded })} aria-label={[[name, below].filter((text) => text !== '').join(' '), t(`layers.kind.${layer.kind}`)].join(', ')} tabIndex={focusable ? 0 : -1}
      className="layer" data-kind={layer.kind} data-selected={selected || undefined} data-active={active || undefined} data-hidden={!layer.visible || undefined} data-drop={drop ?? undefined} style={{ paddingLeft: `${0.375 + depth * 0.875}rem` }}
      draggable={!renaming} onDragStart={onDragStart} onDragEnd={onDragEnd} onClick={(event) => isControl(event.target) || onChoose(event)} onDoubleClick={(event) => isControl(event.target) || setRenaming(true)}
      onDragOver={(event) => {
        event.preventDefault()
        const box = event.currentTarget.getBoundingClientRect()
        onDragOver((event.clientY - box.top) / box.height)
      }}
      onDrop={(event) => {
        event.preventDefault()
        event.stopPropagation()
        onDrop()
      }}
      onKeyDown={(event) => {
        if (event.target !== event.currentTarget) return
        if (event.key === 'F2') setRenaming(true)
        else if (event.key === 'Enter' || event.key === ' ') onChoose(event)
        else return
        event.preventDefault()
        event.stopPropagation()
      }}
    >
      <IconButton icon={layer.visible ? IconEye : IconEyeOff} size={0.9375} className="layer-eye" label={t(layer.visible ? 'layers.hide' : 'layers.show', { name })} onClick={() => set(layer, { visible: !layer.visible })} />
      {layer.kind === 'group' && (
        <button type="button" className="layer-fold" data-open={!folded} aria-label={t(folded ? 'layers.unfold' : 'layers.fold', { name })} onClick={onFold}><IconChevronRight size="0.875rem" /></button>
      )}
      <span
        className="layer-drag" title={t('document.drag.thumb')} draggable={!renaming} onPointerEnter={() => restOn(picture)} onPointerLeave={leaveRest} onDragEnd={endPictureDrag}
        onDragStart={(event) => {
          if (!beginPictureDrag(event, picture)) event.stopPropagation() // the system drags a file: no row moves
        }}
      >
        <LayerThumb layer={layer} icon={KINDS[layer.kind]} />
      </span>
      {renaming ? <Rename layer={layer} done={() => setRenaming(false)} /> : <span className="layer-name"><span>{name}</span>{' '}{below !== '' && <small>{below}</small>}</span>}
      {layer.hasMask && <IconMask size="0.875rem" className="layer-mark" aria-label={t('layers.has-mask')} />}
      <IconButton icon={layer.locked ? IconLock : IconLockOpen} size={0.875} className={layer.locked ? '' : 'layer-quiet'} label={t(layer.locked ? 'layers.unlock' : 'layers.lock', { name })} onClick={() => set(layer, { locked: !layer.locked })} />
      <Menu position="bottom-end" width={250} onOpen={() => selectLayers([layer.id])}>
        <Menu.Target><IconButton icon={IconDots} size={0.9375} className="layer-quiet" label={t('layers.more', { name })} /></Menu.Target>
        <Menu.Dropdown onClick={(event) => event.stopPropagation()} onDoubleClick={(event) => event.stopPropagation()}>
          <Menu.Item onClick={() => setRenaming(true)} leftSection={<span className="menus-check" />} rightSection={<span className="menus-key">F2</span>}>{t('common.rename')}</Menu.Item>
          <Menu.Divider />
          <MenuLines lines={layer.kind === 'mask' ? MASK_MENU : PICTURE_MENU} />
        </Menu.Dropdown>
      </Menu>
    </div>
  )
}

/** Whether a click was meant for a control of the row. */
function isControl(target: EventTarget): boolean {
  return target instanceof Element && target.closest('button, input') !== null
}

/** What stands below the name: that the mask is in force, or what is not as usual. */
function belowName(layer: LayerView, active: boolean): string {
  if (active) return t('layers.in-force')
  return [layer.blend !== 'normal' && t(`blend.${layer.blend}`), layer.opacity < 1 && `${Math.round(layer.opacity * 100)} %`].filter(Boolean).join(', ')
}

function Rename({ layer, done }: { readonly layer: LayerView; readonly done: () => void }) {
  const [name, setName] = useState(layer.name)
  const keep = (): void => {
    const wanted = name.trim()
    if (wanted !== '' && wanted !== layer.name) set(layer, { name: wanted })
    done()
  }
  return (
    <TextInput
      className="layer-rename" autoFocus aria-label={t('layers.rename', { name: layer.name })} value={name} maxLength={200} onFocus={(event) => event.currentTarget.select()} onClick={(event) => event.stopPropagation()}
      onChange={(event) => setName(event.currentTarget.value)} onBlur={keep}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Enter') keep()
        if (event.key === 'Escape') done()
      }}
    />
  )
}
