/** A number as name, slider and field in one line: drag for the feel, type for the value. */
import { NumberInput, Slider } from '@mantine/core'
import { useId } from 'react'

/** See the file's head. `shown` turns the value into what the field shows (0.5 -> 50); `onSettle` comes once, when the hand lets go. */
export type SliderRowProps = {
  readonly label: string
  readonly value: number
  readonly min: number
  readonly max: number
  readonly step: number
  readonly scale?: number
  readonly suffix?: string
  readonly disabled?: boolean
  readonly hint?: readonly [string, string]
  /** "auto" and the like in the field while the value is left to the program */
  readonly unset?: string | undefined
  readonly compact?: boolean
  /** the field has the focus when its dialog opens */
  readonly focused?: boolean
  readonly onChange: (value: number) => void
  readonly onSettle?: (value: number) => void
}

/** See the file's head. */
export function SliderRow({ label, value, min, max, step, scale = 1, suffix = '', disabled = false, hint, unset, compact = false, focused = false, onChange, onSettle }: SliderRowProps) {
  const id = useId()
  const decimals = Math.max(0, -Math.floor(Math.log10(step * scale) + 1e-9))
  const settle = onSettle ?? (() => undefined)
  return (
    <div className={`ui-slider ${compact ? 'ui-slider-compact' : ''}`}>
      <label id={id} className="ui-label">{label}</label>
      <Slider className="ui-slider-track" thumbProps={{ 'aria-labelledby': id }} value={value} min={min} max={max} step={step} disabled={disabled} onChange={onChange} onChangeEnd={settle} data-unset={unset !== undefined || undefined} />
      <NumberInput
        className="ui-slider-field" {...(focused && { 'data-autofocus': true })} aria-labelledby={id} hideControls disabled={disabled} value={unset === undefined ? round(value * scale, decimals) : ''} placeholder={unset}
        min={min * scale} max={max * scale} step={step * scale} suffix={suffix} decimalScale={decimals} clampBehavior="blur"
        onChange={(next) => {
          if (typeof next !== 'number' || !Number.isFinite(next)) return
          onChange(Math.min(max, Math.max(min, next / scale)))
        }}
        onBlur={() => settle(value)}
      />
      {hint && <div className="ui-slider-hint" aria-hidden><span>{hint[0]}</span><span>{hint[1]}</span></div>}
    </div>
  )
}

function round(value: number, decimals: number): number {
  return Math.round(value * 10 ** decimals) / 10 ** decimals
}
