/** When something was worked on, as a person says it. */
import { t } from '../../strings/t.ts'

/** "today, 14:05", "yesterday", then the date. Times in milliseconds. */
export function whenText(at: number, now: number): string {
  const [then, today] = [new Date(at), new Date(now)]
  const days = Math.round((startOfDay(today) - startOfDay(then)) / 86_400_000)
  if (days === 0) return t('welcome.today', { time: then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' }) })
  if (days === 1) return t('welcome.yesterday')
  return then.toLocaleDateString(undefined, { day: 'numeric', month: 'short', ...(then.getFullYear() !== today.getFullYear() && { year: 'numeric' }) })
}

function startOfDay(date: Date): number {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime()
}
