/** What a model hub says of a repository: its commit, licence and files with their sums. The HTTP API of the Hugging Face Hub, which its mirrors copy. */
import { z } from 'zod'
import { badInput, failed } from '../../engine/errors.ts'
import type { Network } from './network.ts'
import type { NetAnswer } from './httpRequest.ts'

/** Where models come from unless a mirror is set. */
export const DEFAULT_HUB = 'https://huggingface.co'
/** Longest answer of the API that is read, bytes. */
const MOST_ANSWER_BYTES = 32 * 2 ** 20
const MOST_PAGES = 50

/** A file of a repository. `sha256` is known for files in large-file storage, `gitOid` (a git blob's SHA-1) for the others. */
export interface HubFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string | null
  readonly gitOid: string | null
}

/** A repository at one commit. */
export interface HubRepository {
  readonly repository: string
  /** the commit that the revision named, so that a later part of a download is of the same files */
  readonly commit: string
  readonly licence: { readonly id: string; readonly name: string; readonly url: string } | null
  readonly files: readonly HubFile[]
}

const infoSchema = z.looseObject({
  sha: z.string().regex(/^[0-9a-f]{40}$/),
  cardData: z.looseObject({
    license: z.union([z.string(), z.array(z.string())]).optional(),
    license_name: z.string().optional(),
    license_link: z.string().optional(),
  }).nullish(),
})
const treeSchema = z.array(z.looseObject({
  type: z.string(),
  path: z.string(),
  size: z.number().int().min(0).default(0),
  oid: z.string().optional(),
  lfs: z.looseObject({ oid: z.string(), size: z.number().int().min(0) }).nullish(),
}))

/** The hub's address: the mirror when one is set, without a slash at its end. */
export function hubAddress(mirror: string): string {
  const address = mirror.trim() === '' ? DEFAULT_HUB : mirror.trim()
  return address.replace(/\/+$/, '')
}

/** Where a file of a repository is fetched from. */
export function fileAddress(hub: string, repository: string, commit: string, name: string): string {
  return `${hub}/${repository}/resolve/${commit}/${name.split('/').map(encodeURIComponent).join('/')}`
}

/**
 * Asks the hub for a repository.
 * @param repository `owner/name`
 * @param revision branch, tag or commit
 * @throws EngineError network/locked, download/no-repository, download/not-allowed (exit 2), download/unreachable, download/bad-answer
 */
export async function lookAtRepository(network: Network, hub: string, repository: string, revision: string, signal?: AbortSignal): Promise<HubRepository> {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository) || repository.includes('..')) {
    throw badInput('download/bad-name', { thing: `repository ${repository}`, expected: 'a name like owner/model', found: 'something else' })
  }
  const api = `${hub}/api/models/${repository}`
  const named = encodeURIComponent(revision)
  const info = infoSchema.safeParse((await ask(network, `${api}/revision/${named}`, repository, signal)).json)
  if (!info.success) throw badAnswer(hub, 'no description of a repository')
  const files: HubFile[] = []
  let next: string | undefined = `${api}/tree/${info.data.sha}?recursive=true`
  for (let page = 0; next !== undefined; page++) {
    if (page === MOST_PAGES) throw badAnswer(hub, `more than ${MOST_PAGES} pages of files`)
    const { json, link } = await ask(network, next, repository, signal)
    const tree = treeSchema.safeParse(json)
    if (!tree.success) throw badAnswer(hub, 'no list of files')
    files.push(...tree.data.filter((item) => item.type === 'file').map(toFile))
    next = link === undefined ? undefined : new URL(link, next).href
  }
  return { repository, commit: info.data.sha, licence: licenceOf(info.data, hub, repository), files }
}

function toFile(item: z.output<typeof treeSchema>[number]): HubFile {
  const sha256 = item.lfs && /^[0-9a-f]{64}$/.test(item.lfs.oid) ? item.lfs.oid : null
  const gitOid = sha256 === null && item.oid && /^[0-9a-f]{40}$/.test(item.oid) ? item.oid : null
  return { name: item.path, bytes: item.lfs?.size ?? item.size, sha256, gitOid }
}

function licenceOf(info: z.output<typeof infoSchema>, hub: string, repository: string): HubRepository['licence'] {
  const { license, license_name: name, license_link: link } = info.cardData ?? {}
  const given = Array.isArray(license) ? license[0] : license
  if (given === undefined) return null
  const id = given === 'other' && name ? name : given
  return { id, name: name ?? id, url: link && URL.canParse(link) ? link : `${hub}/${repository}` }
}

async function ask(network: Network, address: string, repository: string, signal?: AbortSignal): Promise<{ json: unknown; link: string | undefined }> {
  const answer = await network.request(address, { headers: { accept: 'application/json' }, ...(signal ? { signal } : {}) })
  if (answer.status !== 200) {
    answer.body.destroy()
    throw refusal(answer, repository)
  }
  const text = await readText(answer, new URL(address).host)
  const link = /<([^>]+)>;\s*rel="next"/.exec(String(answer.headers.link ?? ''))?.[1]
  try {
    return { json: JSON.parse(text), link }
  } catch {
    throw badAnswer(new URL(address).host, 'something that is not JSON')
  }
}

async function readText(answer: NetAnswer, host: string): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of answer.body as AsyncIterable<Buffer>) {
    bytes += part.length
    if (bytes > MOST_ANSWER_BYTES) throw badAnswer(host, 'an answer without end')
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}

/** The sentence for an answer that is neither a file nor a list. */
export function refusal(answer: Pick<NetAnswer, 'status' | 'address'>, repository: string): Error {
  const { host } = new URL(answer.address)
  if (answer.status === 401 || answer.status === 403) {
    return badInput('download/not-allowed', {
      thing: repository, expected: 'a repository that anybody may download', found: `one that ${host} gives only to signed-in people (${answer.status}), or none of this name`,
      todo: 'fetch its files with a browser and add the folder',
    })
  }
  if (answer.status === 404 || answer.status === 410) {
    return badInput('download/no-repository', { thing: repository, expected: `a repository and revision that ${host} has`, found: `none (${answer.status})`, todo: 'check the name' })
  }
  return failed('download/bad-answer', `${host}: expected ${repository}, found status ${answer.status}; try again later or set another mirror.`)
}

function badAnswer(host: string, found: string): Error {
  return failed('download/bad-answer', `${host}: expected the answer of a model hub, found ${found}; check the mirror in the settings.`)
}
