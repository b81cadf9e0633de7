/** Serves the contract and the shell's own methods over the IPC channel of a process that Electron's main process spawned. */
import { CONTRACT_VERSION } from '../../preload/contract/channels.ts'
import type { Result } from '../../preload/contract/result.ts'
import { EngineError } from '../engine/errors.ts'
import { type FromShellHost, type ShellInput, type ShellMethod, type ShellOutput, type ToShellHost, shellMethods } from './shellMessages.ts'

/** What the channel needs of a host. */
export interface ShellHost {
  /** answers a method of the contract; never rejects */
  call(method: string, input: unknown): Promise<Result<unknown>>
  onEvent(listener: (event: string, data: unknown) => void): () => void
  /** @throws EngineError when there is nothing at the path */
  registerFile(path: string): Promise<ShellOutput<'registerFile'>>
  registerTarget(path: string): Promise<ShellOutput<'registerTarget'>>
  /** @throws EngineError when the id is none of ours */
  targetPath(target: string): string
  close(): Promise<void>
}

/** The process's side of the channel: `process`, or a stand-in of a test. */
export interface ShellPort {
  send(message: FromShellHost): void
  onMessage(listener: (message: ToShellHost) => void): void
  /** the shell is gone, or has asked to end */
  end(): void
}

/** Connects a host with the port until the shell asks it to end. */
export function serveShell(host: ShellHost, port: ShellPort, version: string): void {
  const handlers: { readonly [M in ShellMethod]: (input: ShellInput<M>) => Promise<ShellOutput<M>> } = {
    registerFile: ({ path }) => host.registerFile(path),
    registerTarget: ({ path }) => host.registerTarget(path),
    targetPath: async ({ target }) => ({ path: host.targetPath(target) }),
    ping: async () => ({}),
    shutdown: async () => {
      await host.close()
      return {}
    },
  }
  const answerShell = async (method: ShellMethod, input: unknown): Promise<unknown> => {
    const handler = handlers[method] as (input: unknown) => Promise<unknown> // its own schema has checked the input
    return handler(shellMethods[method].input.parse(input))
  }
  host.onEvent((event, data) => port.send({ type: 'event', event, data }))
  port.onMessage((message) => {
    if (message.type === 'call') {
      void host.call(message.method, message.input).then((result) => port.send({ type: 'answer', id: message.id, result }))
      return
    }
    void settle(answerShell(message.method, message.input)).then((result) => {
      port.send({ type: 'shellAnswer', id: message.id, result })
      if (message.method === 'shutdown') port.end()
    })
  })
  port.send({ type: 'hello', contract: CONTRACT_VERSION, version })
}

async function settle(answer: Promise<unknown>): Promise<Result<unknown>> {
  try {
    return { ok: true, value: await answer }
  } catch (thrown) {
    const error = thrown instanceof EngineError ? thrown : new EngineError('internal/shell', `The host could not answer the shell: ${(thrown as Error).message}.`)
    return { ok: false, error: { code: error.code, message: error.message, exitCode: error.exitCode, details: { ...error.details } } }
  }
}
