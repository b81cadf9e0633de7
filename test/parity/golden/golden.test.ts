/** The reference goldens against the engine, and the runner that people start with `npm run golden`. */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { casesOf } from '../../../scripts/golden/kinds.ts'

const goldens = fileURLToPath(new URL('../../fixtures/golden/', import.meta.url))
const runner = fileURLToPath(new URL('../../../scripts/golden.ts', import.meta.url))

describe.each([['schedulers.json', 14], ['p2p_align.json', 13], ['edit_ops.json', 34]] as const)('%s', (name, count) => {
  const cases = casesOf(path.join(goldens, name))

  test(`holds ${count} cases`, () => expect(cases).toHaveLength(count))

  test.each(cases.map((golden) => [golden.name, golden] as const))('%s', async (_, golden) => {
    // a case that differs throws, saying where
    expect(await golden.run()).not.toBe('')
  })
})

describe('the runner', () => {
  let folder: string
  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'goldens-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const run = (directory: string): { code: number | null; lines: string[]; errors: string } => {
    const env = { ...process.env, INIT_CWD: folder }
    const { status, stdout, stderr } = spawnSync(process.execPath, [runner, directory], { encoding: 'utf8', env })
    return { code: status, lines: stdout.trim().split('\n'), errors: stderr }
  }
  const put = (directory: string, name: string, value: unknown): void => {
    mkdirSync(path.join(folder, directory), { recursive: true })
    writeFileSync(path.join(folder, directory, name), typeof value === 'string' ? value : JSON.stringify(value))
  }
  const schedulers = (): Record<string, { traj: number[][] }> => JSON.parse(readFileSync(path.join(goldens, 'schedulers.json'), 'utf8'))

  test('passes, a line per case; the folder is relative to the caller’s', () => {
    cpSync(path.join(goldens, 'schedulers.json'), path.join(folder, 'good', 'schedulers.json'), { recursive: true })
    const { code, lines } = run('good')
    expect(code).toBe(0)
    expect(lines.filter((line) => line.startsWith('ok '))).toHaveLength(14)
    expect(lines.at(-1)).toBe('14 passed, 0 missed')
  })

  test('a changed digit is a miss: exit 1, and the line says where', () => {
    const changed = schedulers()
    changed['lcm4'].traj[2][5] += 1e-3
    put('changed', 'schedulers.json', changed)
    const { code, lines } = run('changed')
    expect(code).toBe(1)
    expect(lines.filter((line) => line.startsWith('FAIL'))).toEqual([expect.stringMatching(/^FAIL {2}schedulers\.json lcm4: row 2: relative error/)])
  })

  test('an entry of unknown shape is a miss, a file of unknown kind is named, a torn file is a miss', () => {
    put('odd', 'schedulers.json', { ...schedulers(), new_case: { class: 'DDIMScheduler' } })
    put('odd', 'edit_ops.json', { prox: { delta: [0, 1], 'q0.5': 0.5, l0: [0, 0.5] }, new_operation: {} })
    put('odd', 'other.json', { something: 1 })
    put('odd', 'torn.json', '{"a":')
    const { code, lines } = run('odd')
    expect(code).toBe(1)
    expect(lines.filter((line) => !line.startsWith('ok '))).toEqual([
      expect.stringMatching(/^FAIL {2}edit_ops\.json new_operation: not a kind/),
      expect.stringMatching(/^\? {5}other\.json: not a golden file of a known kind/),
      expect.stringMatching(/^FAIL {2}schedulers\.json new_case: not a run/),
      expect.stringMatching(/^FAIL {2}torn\.json cannot be read/),
      '15 passed, 3 missed',
    ])
  })

  test('nothing to run is an error of its own', () => {
    put('empty', 'other.json', { something: 1 })
    expect(run('empty').code).toBe(2)
    expect(run('absent')).toMatchObject({ code: 2, errors: expect.stringMatching(/absent: expected a folder/) })
  })
})
