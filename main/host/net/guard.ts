/**
 * Closes the ways around the network door for a whole process: every TCP connection of Node (node:http, node:https,
 * node:net, node:tls, fetch, WebSocket) ends in `net.Socket.prototype.connect`, every datagram in `dgram`, every name
 * looked up without a connection in `dns`. What goes to another machine is counted, or refused under the lock, even
 * when a library of somebody else does it.
 */
import dgram from 'node:dgram'
import dns from 'node:dns'
import net from 'node:net'
import type { Network } from './network.ts'

type Connect = (this: net.Socket, ...args: unknown[]) => net.Socket

/** Installs the guard in this process; the result takes it away again (for tests). */
export function guardProcess(network: Network): () => void {
  const undo = [guardSockets(network), guardDatagrams(network), guardNames(network)]
  return () => undo.forEach((each) => each())
}

function guardSockets(network: Network): () => void {
  const prototype = net.Socket.prototype as { connect: Connect }
  const original = prototype.connect
  prototype.connect = function connect(this: net.Socket, ...args: unknown[]): net.Socket {
    const target = targetOf(args)
    if (target === undefined || network.insideRequest || network.isOwn(target.host, target.port)) return original.apply(this, args)
    try {
      network.admit(target.host)
    } catch (error) {
      // as a failed connection would be told, so that every client handles it
      process.nextTick(() => this.destroy(error as Error))
      return this
    }
    const onLock = (): void => void this.destroy(signal.reason as Error)
    const signal = network.lockSignal
    signal.addEventListener('abort', onLock, { once: true })
    this.once('close', () => signal.removeEventListener('abort', onLock))
    return original.apply(this, args)
  }
  return () => {
    prototype.connect = original
  }
}

/** Host and port of a connection; undefined for a pipe of this machine. Arguments as net's, or its normalised array. */
function targetOf(args: readonly unknown[]): { host: string; port: number } | undefined {
  const [first, second] = Array.isArray(args[0]) ? (args[0] as unknown[]) : args
  if (first !== null && typeof first === 'object') {
    const { path, host, port } = first as { path?: unknown; host?: unknown; port?: unknown }
    if (typeof path === 'string' && port === undefined) return undefined
    return { host: typeof host === 'string' && host !== '' ? host : 'localhost', port: Number(port) }
  }
  if (typeof first === 'string' && Number.isNaN(Number(first))) return undefined // net's own rule: a path
  return { host: typeof second === 'string' ? second : 'localhost', port: Number(first) }
}

function guardDatagrams(network: Network): () => void {
  const prototype = dgram.Socket.prototype as unknown as Record<'send' | 'connect', (...args: unknown[]) => unknown>
  const original = { send: prototype.send, connect: prototype.connect }
  for (const name of ['send', 'connect'] as const) {
    prototype[name] = function guarded(this: unknown, ...args: unknown[]): unknown {
      network.admit(args.find((arg, index) => index > 0 && typeof arg === 'string') as string | undefined ?? 'a datagram')
      return original[name].apply(this, args)
    }
  }
  return () => void Object.assign(prototype, original)
}

/** A name alone can carry a message out; `dns.lookup` within a connection is let through by the connection's own check. */
function guardNames(network: Network): () => void {
  const queries = Object.keys(dns).filter((name) => /^resolve/.test(name) || name === 'reverse')
  const targets = [dns, dns.promises] as unknown as Record<string, (...args: unknown[]) => unknown>[]
  const undo: (() => void)[] = []
  for (const target of targets) {
    for (const name of queries) {
      const original = target[name]
      if (typeof original !== 'function') continue
      target[name] = (...args: unknown[]) => {
        network.admit(String(args[0]))
        return original.apply(target, args)
      }
      undo.push(() => void (target[name] = original))
    }
  }
  return () => undo.forEach((each) => each())
}
