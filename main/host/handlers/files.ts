/** Files: uploads, downloads, a look into a picture, stored pictures by key. */
import fs from 'node:fs'
import path from 'node:path'
import type { fileMethods } from '../../../preload/contract/files.ts'
import { takeFile, inspectPicture } from '../documents/importPicture.ts'
import type { HostParts } from '../host.ts'
import type { Topic } from './topic.ts'

/** Longest side of the thumbnail of a picture that is not open yet. */
const SIDE = 256
/** Folders listed below the root. */
const MOST_FOLDERS = 1000

/** See {@link Topic}. */
export function fileHandlers({ services }: HostParts): Topic<typeof fileMethods> {
  const { files, media, projects, scratch, pixels } = services
  const folderIds = new Map<string, ReturnType<typeof files.grant>>()
  return {
    'files.begin': ({ name, bytes }) => files.begin(name, bytes),
    'files.append': ({ file, offset, bytes }) => ({ received: files.append(file, offset, bytes) }),
    'files.end': ({ file }) => files.end(file),
    'files.download': ({ name }) => files.grantDownload(name),
    'files.fetch': ({ target, offset }) => files.fetch(target, offset),
    'files.folders': () => ({
      folders: foldersBelow(projects.root).map((folder) => {
        const known = folderIds.get(folder) ?? files.grant(folder, path.relative(projects.root, folder))
        folderIds.set(folder, known)
        return known
      }),
    }),
    'files.inspect': async ({ file }) => {
      const place = files.plainFile(file)
      const { format, width, height, depth, channels, alpha, profile, bytes, recipe } = await inspectPicture(services, place)
      const out = scratch.path('thumbnail.webp')
      await pixels.run({ task: 'thumbnail', image: place, side: SIDE, out })
      return { format, width, height, depth, channels, alpha, profile, bytes, recipe, thumbnail: media.keep(`file ${file}`, takeFile(out), 'image/webp') }
    },
    'media.read': ({ key }) => media.read(key),
  }
}

/** Folders below the root, projects left out, two levels deep. */
function foldersBelow(root: string): string[] {
  const found: string[] = []
  const visit = (folder: string, depth: number): void => {
    if (!fs.existsSync(folder)) return
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const inner = path.join(folder, entry.name)
      if (!entry.isDirectory() || entry.name.startsWith('.') || fs.existsSync(path.join(inner, 'project.db')) || found.length >= MOST_FOLDERS) continue
      found.push(inner)
      if (depth < 2) visit(inner, depth + 1)
    }
  }
  visit(root, 1)
  return found
}
