/** Options of the tool in the hand, in one line over the canvas. */
import { SegmentedControl, Select, Switch, Tooltip } from '@mantine/core'
import { IconBallpen, IconCircleHalf2 } from '@tabler/icons-react'
import { documentStore, selectedLayer } from '../../stores/documentStore.ts'
import { type BrushKind, type PlainOptions, activeTool, brushOf, joinsMask, setBrush, setToolOptions, toolStore } from '../../stores/toolStore.ts'
import { useShallowStore, useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { IconButton } from '../../ui/IconButton.tsx'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { useCommand } from '../commands/useCommand.ts'

/** See the file's head. */
export function OptionsBar() {
  const tool = useStore(toolStore, activeTool)
  const brush = brushOf(tool)
  const { title, command } = useCommand(tool === 'word-paint' ? 'tool.mask-brush' : `tool.${tool}`)
  const Icon = command.icon
  return (
    <div className="options" role="group" aria-label={t('shell.options')}>
      <span className="options-name">{Icon && <Icon size="1rem" />}{title}</span>
      {tool === 'mask-brush' && <MaskMode />}
      {tool === 'smart-select' && <Choice option="scribble" values={{ foreground: t('options.scribble.foreground'), background: t('options.scribble.background') }} label={title} />}
      {joinsMask(tool) && <Combine />}
      {brush && <BrushOptions kind={brush} />}
      {tool === 'wand' && <WandOptions />}
      {tool === 'gradient-mask' && <Choice option="gradient" values={{ linear: t('options.gradient.linear'), radial: t('options.gradient.radial') }} label={title} />}
      {tool === 'word-paint' && <Choice option="wordSign" values={{ plus: t('options.word.plus'), minus: t('options.word.minus') }} label={title} />}
      {tool === 'frame' && <FrameOptions />}
      {(tool === 'paint' || tool === 'paint-eraser') && <PlaneOption />}
    </div>
  )
}

/** One of the options that are a choice of few. */
function Choice<K extends 'scribble' | 'gradient' | 'wordSign'>({ option, values, label }: { readonly option: K; readonly values: Readonly<Record<PlainOptions[K], string>>; readonly label: string }) {
  const value = useStore(toolStore, ({ options }) => options[option])
  return <SegmentedControl fullWidth={false} aria-label={label} value={value} onChange={(next) => setToolOptions({ [option]: next })} data={Object.entries<string>(values).map(([key, text]) => ({ value: key, label: text }))} />
}

function MaskMode() {
  const mode = useStore(toolStore, ({ options }) => options.maskMode)
  return (
    <SegmentedControl
      fullWidth={false} aria-label={t('options.combine')} value={mode} onChange={(next) => setToolOptions({ maskMode: next })}
      data={[{ value: 'add', label: t('options.mask.add') }, { value: 'subtract', label: t('options.mask.subtract') }]}
    />
  )
}

function Combine() {
  const combine = useStore(toolStore, ({ options }) => options.combine)
  return (
    <SegmentedControl
      fullWidth={false} aria-label={t('options.combine')} value={combine} onChange={(next) => setToolOptions({ combine: next })}
      data={(['replace', 'add', 'subtract', 'intersect'] as const).map((value) => ({ value, label: t(`options.combine.${value}`) }))}
    />
  )
}

/** A scribble has a size and nothing else. */
function BrushOptions({ kind }: { readonly kind: BrushKind }) {
  const brush = useStore(toolStore, ({ brushes }) => brushes[kind])
  return (
    <>
      <SliderRow compact label={t('options.size')} value={Math.min(brush.size, 600)} min={1} max={600} step={1} suffix=" px" onChange={(size) => setBrush(kind, { size })} />
      {kind !== 'scribble' && <SoftOptions kind={kind} />}
    </>
  )
}

function SoftOptions({ kind }: { readonly kind: BrushKind }) {
  const brush = useStore(toolStore, ({ brushes }) => brushes[kind])
  return (
    <>
      <SliderRow compact label={t('options.hardness')} value={brush.hardness} min={0} max={1} step={0.01} scale={100} suffix=" %" onChange={(hardness) => setBrush(kind, { hardness })} />
      {kind !== 'word' && <SliderRow compact label={t('options.opacity')} value={brush.opacity} min={0.01} max={1} step={0.01} scale={100} suffix=" %" onChange={(opacity) => setBrush(kind, { opacity })} />}
      <span className="options-pair">
        <IconButton icon={IconBallpen} label={t('options.pressure.size')} pressed={brush.pressureSize} onClick={() => setBrush(kind, { pressureSize: !brush.pressureSize })} />
        <IconButton icon={IconCircleHalf2} label={t('options.pressure.opacity')} pressed={brush.pressureOpacity} onClick={() => setBrush(kind, { pressureOpacity: !brush.pressureOpacity })} />
      </span>
    </>
  )
}

function WandOptions() {
  const { tolerance, contiguous, sampleAll } = useShallowStore(toolStore, ({ options }) => ({ tolerance: options.tolerance, contiguous: options.contiguous, sampleAll: options.sampleAll }))
  return (
    <>
      <SliderRow compact label={t('options.tolerance')} value={tolerance} min={0} max={1} step={0.01} scale={100} suffix=" %" onChange={(value) => setToolOptions({ tolerance: value })} />
      <Switch label={t('options.contiguous')} checked={contiguous} onChange={(event) => setToolOptions({ contiguous: event.currentTarget.checked })} />
      <Switch label={t('options.sample-all')} checked={sampleAll} onChange={(event) => setToolOptions({ sampleAll: event.currentTarget.checked })} />
    </>
  )
}

const ASPECTS = ['free', '1:1', '3:2', '2:3', '4:3', '3:4', '16:9', '9:16'] as const

function FrameOptions() {
  const { aspect, outside } = useShallowStore(toolStore, ({ options }) => ({ aspect: options.aspect, outside: options.outside }))
  const ratio = (text: string): number => text.split(':').map(Number).reduce((width, height) => width / height)
  const value = aspect === null ? 'free' : (ASPECTS.find((one) => one !== 'free' && Math.abs(ratio(one) - aspect) < 1e-6) ?? 'free')
  return (
    <>
      <Select
        w="6.5rem" aria-label={t('options.aspect')} value={value} data={ASPECTS.map((one) => ({ value: one, label: one === 'free' ? t('options.aspect.free') : one }))}
        onChange={(next) => setToolOptions({ aspect: next === null || next === 'free' ? null : ratio(next) })}
      />
      <Switch label={t('options.outside')} checked={outside} onChange={(event) => setToolOptions({ outside: event.currentTarget.checked })} />
    </>
  )
}

function PlaneOption() {
  const plane = useStore(toolStore, ({ options }) => options.plane)
  const hasMask = useStore(documentStore, (state) => selectedLayer(state)?.hasMask ?? false)
  if (!hasMask) return null
  return <Tooltip label={t('layers.has-mask')}><Switch label={t('options.plane')} checked={plane === 'mask'} onChange={(event) => setToolOptions({ plane: event.currentTarget.checked ? 'mask' : 'pixels' })} /></Tooltip>
}
