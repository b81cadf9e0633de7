import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { PICTURE_ENDINGS, checkOutputs } from '../../../../main/cli/outputCheck.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-out-'))
})
afterEach(() => {
  chmodSync(folder, 0o700)
  rmSync(folder, { recursive: true, force: true })
})

const picture = (name: string) => ({ option: '--out', file: path.join(folder, name), endings: PICTURE_ENDINGS })
const maps = (name: string) => ({ option: '--out', file: path.join(folder, name), endings: 'folder' as const })

describe('checkOutputs', () => {
  it('lets good names pass and leaves nothing behind', () => {
    writeFileSync(path.join(folder, 'old.png'), 'old')
    checkOutputs([picture('new.JPG'), { ...picture('old.png'), option: '--sheet' }])
    expect(readdirSync(folder)).toEqual(['old.png'])
  })

  it('lets a result folder exist or not, but not be a file', () => {
    mkdirSync(path.join(folder, 'there'))
    writeFileSync(path.join(folder, 'file'), '')
    checkOutputs([maps('there')])
    checkOutputs([maps('new')])
    expect(() => checkOutputs([maps('file')])).toThrow('expected a folder, found a file of that name')
    expect(readdirSync(folder).sort()).toEqual(['file', 'there'])
  })

  it.skipIf(process.platform === 'win32' || process.getuid?.() === 0)('refuses a folder without the right to write (not for root, who may write anywhere)', () => {
    chmodSync(folder, 0o500)
    expect(() => checkOutputs([picture('cat.png')])).toThrow('no permission to write there')
  })

  it.skipIf(process.platform !== 'linux')('refuses a folder that takes no files, even for root', () => {
    expect(() => checkOutputs([{ ...picture('cat.png'), file: '/proc/cat.png' }])).toThrow(/expected the right to write into \/proc, found (a folder in which no file can be made|no permission)/)
  })
})
