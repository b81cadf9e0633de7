import dgram from 'node:dgram'
import dns from 'node:dns'
import http from 'node:http'
import net from 'node:net'
import path from 'node:path'
import fs from 'node:fs'
import tls from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { guardProcess } from '../../../../../main/host/net/guard.ts'
import { type Network, createNetwork, isLoopback } from '../../../../../main/host/net/network.ts'
import { networkStatus } from '../../../../../preload/contract/app.ts'

let server: http.Server
let port = 0
let hits = 0
const log: string[] = []

beforeEach(async () => {
  hits = 0
  log.length = 0
  server = http.createServer((request, response) => {
    hits += 1
    log.push(`${request.method} ${request.url}`)
    if (request.url === '/hop') return void response.writeHead(302, { location: '/end' }).end()
    if (request.url === '/hang') return
    response.end('here')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  port = (server.address() as net.AddressInfo).port
})
afterEach(() => {
  server.closeAllConnections()
  server.close()
})

const address = (end = '/'): string => `http://127.0.0.1:${port}${end}`

describe('the network door', () => {
  it('counts every hop of a request that is allowed', async () => {
    const network = createNetwork({ locked: false })
    const answer = await network.request(address('/hop'))
    answer.body.resume()
    expect(answer.status).toBe(200)
    expect(networkStatus.parse(network.status())).toEqual({ locked: false, requests: 2, refused: 0, last: `127.0.0.1:${port}` })
  })

  it('refuses under the lock without touching the network, counts that, and tells it', async () => {
    const told: number[] = []
    const network = createNetwork({ locked: true, onChange: ({ refused }) => told.push(refused) })
    await expect(network.request(address())).rejects.toMatchObject({ code: 'network/locked', exitCode: 2 })
    expect(network.status()).toMatchObject({ requests: 0, refused: 1 })
    expect([hits, told]).toEqual([0, [1]])
  })

  it('ends a request under way when the lock is turned on', async () => {
    const network = createNetwork({ locked: false })
    const waiting = expect(network.request(address('/hang'))).rejects.toMatchObject({ code: 'network/locked' })
    while (hits === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    network.setLocked(true)
    await waiting
  })

  it('goes through a proxy when one is set', async () => {
    const network = createNetwork({ locked: false, proxy: () => address() })
    const answer = await network.request('http://somewhere.invalid/file')
    answer.body.resume()
    expect(log).toEqual(['GET http://somewhere.invalid/file'])
  })

  it('says what is wrong with an address in a sentence', async () => {
    const network = createNetwork({ locked: false })
    await expect(network.request('ftp://somewhere/file')).rejects.toMatchObject({ code: 'download/bad-address', exitCode: 2 })
    await expect(network.request('http://127.0.0.1:1/')).rejects.toMatchObject({ code: 'download/unreachable', message: expect.stringContaining('nobody answering') })
  })

  it('knows the ways to write this machine', () => {
    expect(['localhost', 'a.localhost', '127.0.0.1', '127.8.9.1', '::1', '[::1]', '::ffff:127.0.0.1'].every(isLoopback)).toBe(true)
    expect(['127.0.0.1.evil.com', 'localhost.evil.com', '10.0.0.1', '::2', ''].some(isLoopback)).toBe(false)
  })
})

describe('the guard of a process', () => {
  let network: Network
  let remove: () => void
  beforeEach(() => {
    network = createNetwork({ locked: true })
    remove = guardProcess(network)
  })
  afterEach(() => remove())

  it.each<[string, () => Promise<unknown>]>([
    ['fetch', () => fetch(address())],
    ['node:http', () => new Promise((resolve, reject) => http.get(address(), resolve).on('error', reject))],
    ['node:net', () => new Promise((resolve, reject) => net.connect(port, '127.0.0.1', () => resolve(0)).on('error', reject))],
    ['node:net with options', () => new Promise((resolve, reject) => net.connect({ port, host: '127.0.0.1' }, () => resolve(0)).on('error', reject))],
    ['node:tls', () => new Promise((resolve, reject) => tls.connect({ port, host: '127.0.0.1' }, () => resolve(0)).on('error', reject))],
    ['WebSocket', () => new Promise((resolve, reject) => Object.assign(new WebSocket(`ws://127.0.0.1:${port}`), { onopen: resolve, onerror: reject }))],
    ['a datagram', async () => {
      const socket = dgram.createSocket('udp4')
      try {
        await new Promise((resolve) => socket.send('x', port, '127.0.0.1', resolve))
      } finally {
        socket.close()
      }
    }],
    ['a name looked up alone', async () => dns.promises.resolve('example.invalid')],
  ])('refuses %s that goes around the door', async (_, stray) => {
    await expect(stray()).rejects.toBeDefined()
    expect(hits).toBe(0)
    expect(network.status()).toMatchObject({ requests: 0, refused: 1 })
  })

  it('lets the door itself pass once, and counts strays, when the lock is off', async () => {
    network.setLocked(false)
    const answer = await network.request(address())
    answer.body.resume()
    expect(network.status().requests).toBe(1)
    await (await fetch(address())).text()
    expect(network.status().requests).toBe(2)
  })

  it('lets a port of our own and pipes of this machine pass without counting', async () => {
    network.addOwnPort(port)
    expect(await (await fetch(address())).text()).toBe('here')
    const pipe = path.join(fs.mkdtempSync('/tmp/palimpsest-pipe-'), 's')
    const local = net.createServer((socket) => socket.end('x')).listen(pipe)
    await new Promise<void>((resolve, reject) => net.connect(pipe, () => resolve()).on('error', reject).resume())
    local.close()
    expect(network.status()).toMatchObject({ requests: 0, refused: 0 })
  })

  it('ends stray connections that stand when the lock is turned on', async () => {
    network.setLocked(false)
    const socket = net.connect(port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    const closed = new Promise<Error>((resolve) => socket.once('error', resolve))
    network.setLocked(true)
    expect((await closed).message).toContain('offline lock')
  })
})
