/** A folder that electron-builder takes for an unpacked Electron, for machines where the real one cannot be had. */
import fs from 'node:fs'
import path from 'node:path'

/** Marks the place of the fuses in Electron's binary; from Electron's documentation of fuses. */
const FUSE_SENTINEL = 'dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'

/** Fuses in the order of their places. */
export const FUSES = ['runAsNode', 'enableCookieEncryption', 'enableNodeOptionsEnvironmentVariable', 'enableNodeCliInspectArguments', 'enableEmbeddedAsarIntegrityValidation', 'onlyLoadAppFromAsar', 'loadBrowserProcessSpecificV8Snapshot', 'grantFileProtocolExtraPrivileges'] as const

/** Makes the stand-in: a binary with a fuse wire, every fuse as Electron ships it, and the files beside it. */
export function makeElectronStandIn(folder: string, version: string): void {
  fs.mkdirSync(path.join(folder, 'resources'), { recursive: true })
  fs.mkdirSync(path.join(folder, 'locales'))
  const wire = Buffer.concat([Buffer.from(FUSE_SENTINEL), Buffer.from([1, FUSES.length]), Buffer.from('10110001')])
  fs.writeFileSync(path.join(folder, 'electron'), Buffer.concat([Buffer.from('#!/bin/sh\nexit 0\n'), wire, Buffer.from('\n')]), { mode: 0o755 })
  fs.writeFileSync(path.join(folder, 'version'), version)
  for (const name of ['LICENSE', 'LICENSES.chromium.html', 'chrome-sandbox', 'locales/en-US.pak']) fs.writeFileSync(path.join(folder, name), name)
}

/** Which fuses a binary has switched on. */
export function readFuses(binary: string): Record<string, boolean> {
  const bytes = fs.readFileSync(binary)
  const at = bytes.indexOf(FUSE_SENTINEL) + FUSE_SENTINEL.length + 2
  return Object.fromEntries(FUSES.map((name, index) => [name, bytes[at + index] === 0x31]))
}
