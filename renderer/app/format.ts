/** Numbers as people read them. */
import { t } from '../strings/t.ts'

/** Bytes with a unit, two or three digits: "412 MB", "1.6 GB". Units of 1024, as memory is counted. */
export function bytesText(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB']
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10))
  const value = bytes / 1024 ** power
  return `${value >= 10 || power === 0 ? Math.round(value) : Math.round(value * 10) / 10} ${units[power]}`
}

/** A time in seconds, rounded as a person would say it: "3 s", "40 s", "2 min". */
export function timeText(seconds: number): string {
  if (seconds < 10) return t('common.seconds', { n: Math.max(1, Math.round(seconds)) })
  if (seconds < 90) return t('common.seconds', { n: Math.round(seconds / 5) * 5 })
  return t('common.minutes', { n: Math.round(seconds / 60) })
}
