/** What runs, as the system sees it: no sleep while a job or a download runs, and a bar on the program's icon. */

/** What the activity needs of the system. */
export interface ActivityPorts {
  /** keeps the machine awake; the result lets it sleep again */
  keepAwake(): () => void
  /** share done, 0..1; more than 1 for an unknown share; -1 for none */
  setProgress(share: number): void
}

interface Running { readonly share: number | null }

/** Follows the host's events. */
export class Activity {
  readonly #ports: ActivityPorts
  readonly #running = new Map<string, Running>()
  #sleep: (() => void) | undefined
  #shown = -1

  constructor(ports: ActivityPorts) {
    this.#ports = ports
  }

  /** Takes an event of the host; those about neither jobs nor downloads are ignored. */
  note(event: string, data: unknown): void {
    if (event === 'job.changed') {
      const { job } = data as { job: { job: string; state: string; step: number; steps: number } } // the contract's own event
      this.#set(job.job, job.state === 'running' || job.state === 'queued' ? { share: job.state === 'running' && job.steps > 0 ? job.step / job.steps : null } : undefined)
    } else if (event === 'download.changed') {
      const { download } = data as { download: { download: string; state: string; received: number; total: number | null } }
      const busy = download.state === 'running' || download.state === 'checking'
      this.#set(download.download, busy ? { share: download.total ? download.received / download.total : null } : undefined)
    }
  }

  /** The host has gone, and with it whatever ran. */
  clear(): void {
    this.#running.clear()
    this.#show()
  }

  #set(id: string, running: Running | undefined): void {
    if (running) this.#running.set(id, running)
    else this.#running.delete(id)
    this.#show()
  }

  #show(): void {
    const all = [...this.#running.values()]
    if (all.length > 0) this.#sleep ??= this.#ports.keepAwake()
    else {
      this.#sleep?.()
      this.#sleep = undefined
    }
    const shares = all.flatMap(({ share }) => share ?? [])
    const share = all.length === 0 ? -1 : shares.length === 0 ? 2 : Math.min(1, Math.max(...shares))
    if (share !== this.#shown) this.#ports.setProgress(share)
    this.#shown = share
  }
}
