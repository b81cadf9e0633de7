/** The last steps of a download: its licence beside its files, and the whole folder in its place in one rename. */
import fs from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { failed } from '../../engine/errors.ts'
import { writeDurably } from '../../history/durableFiles.ts'
import type { Journal } from './journal.ts'

/** File that says where a model came from. */
const ORIGIN = 'palimpsest-origin.json'
/** Room left over on the disk after a download, bytes: a full disk loses more than a download. */
const RESERVE_BYTES = 256 * 2 ** 20

/**
 * Refuses a download for which the disk has no room.
 * @param free bytes that may be written below `folder`; the file system is asked when absent
 * @throws EngineError download/no-room
 */
export async function requireRoom(folder: string, name: string, bytes: number, free: (folder: string) => Promise<number> = freeBytes): Promise<void> {
  const room = await free(folder)
  if (bytes + RESERVE_BYTES <= room) return
  throw failed('download/no-room', `${name}: expected room for ${gigabytes(bytes + RESERVE_BYTES)}, found ${gigabytes(room)} free on the disk of ${folder}; make room and start again.`)
}

/** Bytes that this user may write to the disk of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await fs.promises.statfs(folder)
  return bavail * bsize
}

/** Puts a complete download in its place and says where the model is: the folder, or its only weight file. */
export function placeModel(downloads: string, models: string, journal: Journal): string {
  const files = path.join(downloads, journal.id, 'files')
  const target = path.join(models, journal.folder)
  if (fs.existsSync(files)) {
    keepLicence(files, journal)
    fs.mkdirSync(models, { recursive: true })
    fs.renameSync(files, target)
  }
  const names = journal.files.map(({ name }) => name)
  const [single, ...others] = names.filter((name) => /^[^/]+\.safetensors$/.test(name))
  return single !== undefined && others.length === 0 && !names.includes('model_index.json') ? path.join(target, single) : target
}

/** Forgets the parts of a download; the journal stays, so that the list shows it. */
export function removeParts(downloads: string, journal: Journal): void {
  fs.rmSync(path.join(downloads, journal.id, 'files'), { recursive: true, force: true })
}

/** A folder name below `models` that is free, and not taken by another download. */
export function freeFolder(models: string, repository: string, taken: ReadonlySet<string>): string {
  const wanted = repository.replace('/', '--')
  let name = wanted
  for (let n = 2; taken.has(name) || fs.existsSync(path.join(models, name)); n++) name = `${wanted}-${n}`
  return name
}

/** Repositories whose downloaded files are on the disk, told by what {@link placeModel} put beside them. */
export function downloadedRepositories(models: string): ReadonlySet<string> {
  const found = new Set<string>()
  if (!fs.existsSync(models)) return found
  for (const name of fs.readdirSync(models)) {
    const file = path.join(models, name, ORIGIN)
    if (!fs.existsSync(file)) continue
    const origin = z.looseObject({ repository: z.string() }).safeParse(parseJson(fs.readFileSync(file, 'utf8')))
    if (origin.success) found.add(origin.data.repository)
  }
  return found
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined // damaged: not ours to judge here, the model itself still opens
  }
}

function keepLicence(folder: string, { licence, repository, commit }: Journal): void {
  const origin = { repository, commit, licence: licence === null ? null : { id: licence.id, name: licence.name, url: licence.url, accepted: licence.accepted } }
  writeDurably(path.join(folder, ORIGIN), `${JSON.stringify(origin, null, 2)}\n`)
  const text = licence === null ? 'Its publisher names no licence for this model.' : `${licence.text}\n\nAccepted ${licence.accepted}.`
  writeDurably(path.join(folder, 'palimpsest-licence.txt'), `${repository}, commit ${commit}\n\n${text}\n`)
}

function gigabytes(bytes: number): string {
  return bytes < 1e9 ? `${Math.ceil(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}
