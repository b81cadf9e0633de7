import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { change } from '../../../../main/history/db.ts'
import { reopen, sampleProject, scratch } from './projects.ts'

const folder = scratch()
const filesIn = (at: string): string[] => (fs.existsSync(at) ? fs.readdirSync(at, { recursive: true, encoding: 'utf8' }).filter((name) => fs.statSync(path.join(at, name)).isFile()) : [])

describe('the cache of a project', () => {
  it('stays below its cap and lets the least recently used go', () => {
    const { project, folder: sample } = sampleProject(folder, 'cap', { cacheBytes: 3000 })
    const { cache } = project
    for (const key of ['a', 'b', 'c']) expect(cache.put(key, 'inversion', Buffer.alloc(1000, key), { key }, 5)).toBe(true)
    expect(cache.get('a')?.details).toEqual({ key: 'a' })
    cache.put('d', 'inversion', Buffer.alloc(1500, 'd'), {}, 6)
    expect(['a', 'b', 'c', 'd'].map((key) => cache.get(key)?.size)).toEqual([1000, undefined, undefined, 1500])
    expect(cache.usedBytes()).toBe(2500)
    expect(filesIn(path.join(sample, 'cache'))).toHaveLength(2)
    expect(cache.put('huge', 'inversion', Buffer.alloc(3001), {}, 7)).toBe(false)
    expect(cache.get('a')).toBeDefined()
    cache.clear()
    expect(filesIn(path.join(sample, 'cache'))).toEqual([])
    project.close()
  })

  it('takes files over as it takes bytes, and leaves one that is too large where it is', () => {
    const { project } = sampleProject(folder, 'files', { cacheBytes: 3000 })
    const { cache } = project
    const [small, huge] = ['small', 'huge'].map((name) => path.join(folder, name)) as [string, string]
    fs.writeFileSync(small, Buffer.alloc(2000, 's'))
    fs.writeFileSync(huge, Buffer.alloc(3001, 'h'))
    cache.put('old', 'inversion', Buffer.alloc(1500, 'o'), {}, 1)
    expect(cache.putFile('small', 'tiles', small, { of: 'a picture' }, 2)).toBe(true)
    expect(fs.existsSync(small)).toBe(false)
    const kept = cache.get('small')!
    expect([kept.size, kept.details, fs.readFileSync(kept.path, 'utf8')]).toEqual([2000, { of: 'a picture' }, 's'.repeat(2000)])
    expect(cache.get('old')).toBeUndefined()
    expect(cache.putFile('huge', 'tiles', huge, {}, 3)).toBe(false)
    expect(fs.existsSync(huge)).toBe(true)
    project.close()
  })

  it('never gives out a damaged file, one that is gone, or one named by a stranger', () => {
    const { project, folder: sample } = sampleProject(folder, 'damaged')
    project.cache.put('a', 'maps', Buffer.from('aaaa'), {}, 1)
    project.cache.put('b', 'maps', Buffer.from('bbbb'), {}, 1)
    const { path: fileA } = project.cache.get('a')!
    const { path: fileB } = project.cache.get('b')!
    change(project.writing, `INSERT INTO caches VALUES ('evil', 'maps', '../../../../../../etc/passwd', 4, '{}', 1, 99)`)
    project.close()
    fs.writeFileSync(fileA, 'aaXa')
    fs.rmSync(fileB)
    fs.writeFileSync(path.join(path.dirname(fileB), 'b'.repeat(64)), 'left by a crash')
    const again = reopen(sample).project
    for (const key of ['a', 'b', 'evil']) expect(again.cache.get(key), key).toBeUndefined()
    expect(fs.existsSync('/etc/passwd') || process.platform !== 'linux').toBe(true)
    again.cache.sweep()
    expect(filesIn(path.join(sample, 'cache'))).toEqual([])
    again.close()
  })

  it('keeps one file for two keys with the same bytes until both are gone', () => {
    const { project } = sampleProject(folder, 'shared')
    project.cache.put('a', 'maps', Buffer.from('same'), {}, 1)
    project.cache.put('b', 'maps', Buffer.from('same'), {}, 1)
    project.cache.remove('a')
    expect(fs.readFileSync(project.cache.get('b')!.path, 'utf8')).toBe('same')
    project.close()
  })
})
