/**
 * Printed graphs of the nets. A change that says "refactor" leaves these files alone; one that means to change a graph
 * rewrites them (vitest -u) and shows the difference.
 */
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { printGraph } from '../../main/engine/graph/print.ts'
import { GRAPH_BUILDERS } from '../support/netGraphs.ts'
import { cleanUp, loadNetFixture } from '../support/netFixtures.ts'

const PRINTED = [['unet-sd2', 0], ['unet-instruct', 0], ['unet-lcm', 0], ['unet-plain', 0], ['vae-kl', 0], ['vae-kl', 1], ['vae-tiny', 0], ['vae-tiny', 1], ['clip-text-projection', 0], ['clip-vision', 0]] as const

afterAll(cleanUp)

test.each(PRINTED)('%s, case %i', async (name, index) => {
  const fixture = loadNetFixture(name)
  const one = fixture.cases[index]!
  const printed = printGraph(GRAPH_BUILDERS[name]!(fixture, one, true))
  await expect(printed).toMatchFileSnapshot(path.join(import.meta.dirname, 'nets', `${name}-${one.label}.txt`))
})
