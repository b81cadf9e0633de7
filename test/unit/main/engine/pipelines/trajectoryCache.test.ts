/** Inversions on disk: found again, refused when they are another's, kept within bounds. */
import { mkdtempSync, readdirSync, rmSync, truncateSync, utimesSync, existsSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { readTrajectory, TrajectoryCache, trajectoryKey, writeTrajectory } from '../../../../../main/engine/pipelines/trajectoryCache.ts'
import type { TrajectoryIdentity } from '../../../../../main/engine/pipelines/trajectoryCache.ts'
import type { Latents } from '../../../../../main/engine/tensor/tensor.ts'
import { TorchGenerator } from '../../../../../main/engine/tensor/random.ts'
import { writeSafetensors } from '../../../../../main/engine/weights/safetensorsWriter.ts'

const folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-trajectories-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const identity: TrajectoryIdentity = { picture: 'p', modelHash: 'm', scheduler: 's', prompt: 'a cat', method: 'ddim', steps: 3 }
const generator = new TorchGenerator(1)
const latents = Array.from({ length: 4 }, () => generator.randn([1, 4, 8, 8]) as Latents)

test('what was written comes back', () => {
  const cache = new TrajectoryCache(path.join(folder, 'one'))
  expect(cache.read(identity)).toBeNull()
  cache.write(identity, { latents, noises: latents.slice(1), partner: latents[0]! })
  const found = cache.read(identity)!
  expect(found.latents.map(({ data }) => [...data])).toEqual(latents.map(({ data }) => [...data]))
  expect(found.noises).toHaveLength(3)
  expect(found.partner!.dims).toEqual([1, 4, 8, 8])
})

test('a measured fidelity is kept with the inversion', () => {
  const cache = new TrajectoryCache(path.join(folder, 'fidelity'))
  cache.write(identity, { latents })
  expect(cache.read(identity)!.fidelity).toBeUndefined()
  cache.write(identity, { latents, fidelity: 27.123456789 })
  expect(cache.read(identity)!.fidelity).toBe(27.123456789)
})

test('every part of the identity is another inversion', () => {
  const keys = [identity, ...(Object.keys(identity) as (keyof TrajectoryIdentity)[]).map((key) => ({ ...identity, [key]: key === 'steps' ? 4 : 'other' }))].map(trajectoryKey)
  expect(new Set(keys).size).toBe(7)
})

test('a damaged file is made anew', () => {
  const dir = path.join(folder, 'damaged')
  const cache = new TrajectoryCache(dir)
  cache.write(identity, { latents })
  const file = path.join(dir, 'trajectories', readdirSync(path.join(dir, 'trajectories'))[0]!)
  truncateSync(file, 100)
  expect(cache.read(identity)).toBeNull()
  expect(existsSync(file)).toBe(false)
})

test('the least recently used go first when the folder is full', () => {
  const dir = path.join(folder, 'full')
  const cache = new TrajectoryCache(dir, 10_000) // an inversion of four levels has 4,096 bytes and a header
  const of = (prompt: string): TrajectoryIdentity => ({ ...identity, prompt })
  const stamp = (prompt: string, second: number): void => utimesSync(path.join(dir, 'trajectories', `${trajectoryKey(of(prompt))}.safetensors`), second, second)
  cache.write(of('a'), { latents })
  stamp('a', 1000)
  cache.write(of('b'), { latents })
  stamp('b', 2000)
  cache.read(of('a'))
  cache.write(of('c'), { latents })
  expect([of('a'), of('b'), of('c')].map((each) => cache.read(each) !== null)).toEqual([true, false, true])
  expect(readdirSync(path.join(dir, 'trajectories')).every((name) => name.endsWith('.safetensors'))).toBe(true)
})

test('a named file must be of this model and this picture', () => {
  const file = path.join(folder, 'named.safetensors')
  writeTrajectory(file, { latents }, identity)
  expect(readTrajectory(file, identity).latents).toHaveLength(4)
  expect(() => readTrajectory(file, { ...identity, modelHash: 'other' })).toThrow(/found one made with another model; leave out --trajectory/)
  expect(() => readTrajectory(file, { ...identity, picture: 'other' })).toThrow(/another picture/)
  expect(() => readTrajectory(file, { ...identity, prompt: 'a dog' })).toThrow(/another description \("a cat" instead of "a dog"\)/)
  expect(() => readTrajectory(file, { ...identity, steps: 50 })).toThrow(/another number of steps \("3" instead of "50"\)/)
  const other = path.join(folder, 'other.safetensors')
  writeSafetensors(other, { latents: latents[0]! })
  expect(() => readTrajectory(other, identity)).toThrow(/safetensors file of another kind; make one with "palimpsest invert"/)
})
