/** What computes, and how long models stay in memory. */
import { Button, Radio, Switch } from '@mantine/core'
import { attempt } from '../../app/actions/attempt.ts'
import { bytesText } from '../../app/format.ts'
import { call } from '../../api/client.ts'
import { refreshMemory, sessionStore } from '../../stores/sessionStore.ts'
import { useStore } from '../../stores/useStore.ts'
import { t } from '../../strings/t.ts'
import { SliderRow } from '../../ui/SliderRow.tsx'
import { useSettings } from './useSettings.ts'

/** See the file's head. */
export function EnginePart() {
  const [settings, change] = useSettings()
  const devices = useStore(sessionStore, ({ info }) => info?.devices ?? [])
  const memory = useStore(sessionStore, (state) => state.memory)
  const chosen = devices.find((device) => device.chosen)
  return (
    <>
      <Radio.Group label={t('settings.device')} description={t('settings.device.hint')} value={settings.device} onChange={(device) => change({ device })} className="settings-devices">
        <Radio value="auto" label={chosen ? t('settings.device.auto.now', { device: chosen.name }) : t('settings.device.auto')} />
        {devices.map((device) => (
          <Radio key={device.name} value={device.name} disabled={!device.usable} label={device.name} description={[t(device.usable ? 'settings.device.usable' : 'settings.device.unusable'), device.note].filter((one) => one !== '').join(': ')} />
        ))}
      </Radio.Group>
      <SliderRow
        label={t('settings.unload')} value={settings.idleUnloadMinutes} min={0} max={120} step={1} suffix=" min" hint={[t('settings.unload.never'), '']}
        onChange={(idleUnloadMinutes) => change({ idleUnloadMinutes })}
      />
      <p className="settings-hint">{t('settings.unload.hint')}</p>
      <div className="settings-line">
        <Button variant="default" disabled={memory === null} onClick={() => attempt(call('engine.unload', {}).then(refreshMemory))}>{t('settings.unload.now')}</Button>
        <span className="settings-dim">{memory === null ? t('status.memory.idle') : t('status.memory', { used: bytesText(memory.rssBytes) })}</span>
      </div>
      <div className="settings-row">
        <Switch label={t('settings.invert')} description={t('settings.invert.hint')} checked={settings.autoInvert} onChange={(event) => change({ autoInvert: event.currentTarget.checked })} />
      </div>
    </>
  )
}
