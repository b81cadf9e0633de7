/** How many results, and from which seed. */
import { NumberInput, SegmentedControl } from '@mantine/core'
import { IconDice5, IconPin, IconPinnedOff } from '@tabler/icons-react'
import { editStore, setForm } from '../../stores/editStore.ts'
import { useShallowStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { Field } from '../../ui/Field.tsx'
import { IconButton } from '../../ui/IconButton.tsx'

const COUNTS = [1, 2, 3, 4, 6, 8]
const MOST_SEED = Number.MAX_SAFE_INTEGER

/** See the file's head. */
export function Variations() {
  const { variations, seed } = useShallowStore(editStore, (state) => ({ variations: state.variations, seed: state.seed }))
  const random = (): number => Math.floor(Math.random() * 2 ** 31)
  return (
    <>
      <Field label={t('edit.variations')}>
        <SegmentedControl aria-label={t('edit.variations')} value={String(variations)} onChange={(next) => setForm({ variations: Number(next) })} data={COUNTS.map(String)} />
      </Field>
      <Field label={t('edit.seed')}>
        <NumberInput
          aria-label={t('edit.seed')} hideControls min={0} max={MOST_SEED} allowDecimal={false} value={seed ?? ''} placeholder={t('edit.seed.new')}
          onChange={(next) => setForm({ seed: typeof next === 'number' ? Math.min(MOST_SEED, Math.max(0, next)) : null })}
        />
        {seed !== null && <IconButton icon={IconDice5} label={t('edit.seed.new')} onClick={() => setForm({ seed: random() })} />}
        <IconButton icon={seed === null ? IconPin : IconPinnedOff} label={seed === null ? t('edit.seed.fix') : t('edit.seed.free')} pressed={seed !== null} onClick={() => setForm({ seed: seed === null ? random() : null })} />
      </Field>
    </>
  )
}
