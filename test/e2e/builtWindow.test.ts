/** What is built for the served window, whoever builds it: a test runner as well as a person. */
import fs from 'node:fs'
import path from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { buildWindow } from './served/servedEditor.ts'

const dist = path.resolve(import.meta.dirname, '../../dist')
/** The bridge runs before anything is drawn; the schemas of the contract alone would make it ten times as long. */
const BRIDGE_BYTES = 24_000

beforeAll(() => buildWindow(), 120_000)

test('the window is built for production, even under a test runner', () => {
  const assets = path.join(dist, 'renderer', 'assets')
  const scripts = fs.readdirSync(assets).filter((name) => name.endsWith('.js'))
  expect(scripts.length).toBeGreaterThan(0)
  const development = scripts.filter((name) => /\bjsxDEV\b|react-dom-client\.development/.test(fs.readFileSync(path.join(assets, name), 'utf8')))
  expect(development).toEqual([])
})

test('the bridge, which the page waits for, brings no schemas along', () => {
  expect(fs.statSync(path.join(dist, 'bridge', 'bridge.js')).size).toBeLessThan(BRIDGE_BYTES)
})
