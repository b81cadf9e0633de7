/** Go, cancel, and the results strip. */
import { IconCheck, IconPlayerPlay, IconPlayerStop, IconX } from '@tabler/icons-react'
import { acceptShown, flip, rejectShown } from '../../stores/stagingStore.ts'
import { type IntentName, editStore, setForm } from '../../stores/editStore.ts'
import { showTab } from '../../stores/layoutStore.ts'
import { runAgain } from '../actions/interrupted.ts'
import { cancelRunning, canRun, focusPrompt, runEdit } from '../actions/runEdit.ts'
import type { Command } from './command.ts'
import { retryJob } from '../../stores/jobsStore.ts'
import { canChange, hasDocument, hasJob, hasResults } from './when.ts'

const intents: readonly Exclude<IntentName, 'draw'>[] = ['fill', 'remove', 'expand', 'restyle', 'swap']

/** Commands about runs. */
export const runCommands: readonly Command[] = [
  { id: 'run.go', title: 'command.run.go', icon: IconPlayerPlay, shortcuts: ['Mod+Enter'], moment: 'window', enabled: canRun, run: runEdit },
  { id: 'staging.accept', title: 'command.staging.accept', icon: IconCheck, shortcuts: ['Enter'], moment: 'staging', enabled: hasResults, run: acceptShown },
  { id: 'staging.reject', title: 'command.staging.reject', icon: IconX, shortcuts: ['Esc'], moment: 'staging', enabled: hasResults, run: rejectShown },
  { id: 'staging.next', title: 'command.staging.next', shortcuts: ['Right'], moment: 'staging', enabled: hasResults, run: () => flip(1) },
  { id: 'staging.previous', title: 'command.staging.previous', shortcuts: ['Left'], moment: 'staging', enabled: hasResults, run: () => flip(-1) },
  { id: 'run.cancel', title: 'command.run.cancel', icon: IconPlayerStop, shortcuts: ['Esc', 'Shift+X'], moment: 'run', enabled: hasJob, run: cancelRunning },
  { id: 'job.retry', title: 'command.job.retry', keyOnly: true, run: (payload) => (typeof payload === 'string' ? retryJob(payload) : null) },
  { id: 'run.again', title: 'command.job.retry', keyOnly: true, run: (payload) => (typeof payload === 'string' ? runAgain(payload) : null) },
  { id: 'run.prompt', title: 'command.run.prompt', shortcuts: ['Alt+A'], enabled: hasDocument, run: focusPrompt },
  ...intents.map((intent): Command => ({
    id: `intent.${intent}`, title: `command.intent.${intent}` as const, enabled: canChange, checked: () => editStore.getState().intent === intent,
    run: () => {
      setForm({ intent })
      showTab('edit')
    },
  })),
]
