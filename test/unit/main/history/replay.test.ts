/** Replaying part of a history with one step changed; the engine is a function that makes bytes of what it is given. */
import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { checkProject } from '../../../../main/history/checkProject.ts'
import { compareOperations } from '../../../../main/history/compare.ts'
import type { BlobHash, OperationId } from '../../../../main/history/ids.ts'
import { newLayer } from '../../../../main/history/layers.ts'
import type { Layer } from '../../../../main/history/model.ts'
import type { Project } from '../../../../main/history/project.ts'
import { Replay, type ReplayPlan, engineRequest, planReplay } from '../../../../main/history/replay.ts'
import { plainTile, sampleProject, scratch, sentenceOf } from './projects.ts'

const folder = scratch()

/** Bytes that depend on everything an edit depends on: equal inputs give equal bytes, others do not. */
function draw(params: unknown, seed: number | null, inputs: Readonly<Record<string, BlobHash>>): Buffer {
  return createHash('sha256').update(JSON.stringify([params, seed, Object.entries(inputs).sort()])).digest()
}

/** The document flattened: bytes that depend on every layer and tile. */
function flatten(project: Project, operation: OperationId): Buffer {
  const { document } = project.operation(operation)
  const root = project.ancestry(operation)[0]!
  const layers = [...project.state(document, operation).layers.values()].sort((a, b) => a.id - b.id)
  const tiles = project.difference(root, operation).tiles.map((tile) => [tile.layer, tile.x, tile.y, tile.after]).sort()
  return createHash('sha256').update(JSON.stringify([layers, tiles])).digest()
}

/** Nine steps: edits, a stroke, an opacity, an edit that uses another's result; the last one is the head. */
function nineSteps(name: string) {
  const sample = sampleProject(folder, name)
  const { project, document, paint, first } = sample
  const steps: OperationId[] = []
  const edit = (prompt: string, seed: number, extra: { result?: OperationId } = {}): void => {
    const parent = project.head(document)
    const image = project.addBlob(flatten(project, parent), 'image/png')
    const mask = project.addBlob(Buffer.from(`mask for ${prompt}`), 'image/png')
    const latents = extra.result === undefined ? undefined : project.operation(extra.result).results[0]!.hash
    const params = { prompt, negative: '', steps: 20, guidance: 5 }
    const inputs = { image: image.hash, mask: mask.hash, ...(latents ? { latents } : {}) }
    const result = project.addBlob(draw(params, seed, inputs), 'image/png')
    const layer: Layer = newLayer({
      id: project.newLayerId(), kind: 'edit-result', name: prompt, position: project.state(document).layers.size,
      pixels: { hash: result.hash, width: 64, height: 64 }, mask: { hash: mask.hash, width: 64, height: 64 }, extra: { from: [result.hash] },
    })
    steps.push(project.commitOperation(document, {
      kind: 'inpaint', title: `Fill: ${prompt}`, model: 'starter-inpaint', modelHash: 'h'.repeat(8), engineVersion: '1', seed, params, layers: [layer],
      inputs: [
        { role: 'image', hash: image.hash, source: { from: 'composite', operation: parent } },
        { role: 'mask', hash: mask.hash, source: { from: 'blob' } },
        ...(latents ? [{ role: 'latents', hash: latents, source: { from: 'result', operation: extra.result!, ordinal: 0 } as const }] : []),
      ],
      results: [{ role: 'patch', hash: result.hash, width: 64, height: 64, seed }],
    }))
  }
  edit('a house', 1)
  edit('a tree', 2)
  edit('a red car', 3)
  const car = steps.at(-1)!
  edit('a dog', 4)
  steps.push(project.commitOperation(document, { kind: 'stroke', title: 'Brush', tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: plainTile(7) }] }))
  const carLayer = [...project.state(document).layers.values()].find((layer) => layer.name === 'a red car')!
  steps.push(project.commitOperation(document, { kind: 'layer', title: 'Opacity', layers: [{ ...carLayer, opacity: 0.5 }] }))
  edit('a cloud', 7, { result: car })
  const dogLayer = [...project.state(document).layers.values()].find((layer) => layer.name === 'a dog')!
  steps.push(project.commitOperation(document, { kind: 'layer', title: 'Remove the dog', removedLayers: [dogLayer.id] }))
  edit('a bird', 9)
  return { ...sample, steps, first, car, carLayer }
}

function perform(project: Project, plan: ReplayPlan): Replay {
  const replay = new Replay(project, plan)
  for (let step = replay.next(); step; step = replay.next()) {
    if (step.action === 'apply') {
      replay.apply()
      continue
    }
    const inputs = Object.fromEntries(replay.inputs().map((input): [string, BlobHash] =>
      [input.role, 'hash' in input ? input.hash : project.addBlob(flatten(project, input.flatten), 'image/png').hash]))
    const result = project.addBlob(draw(step.params, step.seed, inputs), 'image/png')
    replay.run({ results: [{ role: 'patch', hash: result.hash, width: 64, height: 64, seed: step.seed }], inputs })
  }
  return replay
}

describe('a replay', () => {
  it('of nine steps with nothing changed makes every result again, bit for bit', async () => {
    const { project, document, steps } = nineSteps('same')
    const replay = perform(project, planReplay(project, steps[0]!, {}))
    expect(replay.notices).toEqual([])
    expect(replay.made).toHaveLength(9)
    replay.made.forEach((id, index) => {
      const [old, now] = [project.operation(steps[index]!), project.operation(id)]
      expect(now.results.map((result) => result.hash)).toEqual(old.results.map((result) => result.hash))
      expect(now.inputs.map((input) => [input.role, input.hash])).toEqual(old.inputs.map((input) => [input.role, input.hash]))
      expect(now).toMatchObject({ replayOf: steps[index], params: old.params, seed: old.seed, model: old.model, modelHash: old.modelHash })
    })
    expect(project.head(document)).toBe(steps[8])
    expect(replay.finish()).toBe(replay.made[8])
    expect(project.head(document)).toBe(replay.made[8])
    expect(project.difference(steps[8]!, replay.made[8]!)).toEqual({ canvas: null, layers: [], tiles: [] })
    expect((await checkProject(project)).faults).toEqual([])
    project.close()
  })

  it('with the prompt of step 3 changed runs 4 to 9 on what the new step 3 made', async () => {
    const { project, steps, car, carLayer } = nineSteps('prompt')
    const plan = planReplay(project, car, { params: { prompt: 'a blue car', negative: null }, seed: 33 })
    expect(plan.steps.map((step) => step.action)).toEqual(['run', 'run', 'apply', 'apply', 'run', 'apply', 'run'])
    expect(plan.steps[0]).toMatchObject({ seed: 33, params: { prompt: 'a blue car', steps: 20 }, inputs: [{ role: 'image', from: 'blob' }, { role: 'mask', from: 'blob' }] })
    expect(plan.steps[0]!.params).not.toHaveProperty('negative')
    expect(plan.steps[4]!.inputs).toMatchObject([{ role: 'image', from: 'composite', step: 3 }, { role: 'latents', from: 'result', step: 0, ordinal: 0 }, { role: 'mask', from: 'blob' }])
    const replay = perform(project, plan)
    expect(replay.notices).toEqual([])
    const last = replay.finish()
    // Every result after the change differs, for each depends on what was below it.
    for (const [index, id] of replay.made.entries()) {
      const old = project.operation(steps[index + 2]!)
      if (old.results.length > 0) expect(project.operation(id).results[0]!.hash).not.toBe(old.results[0]!.hash)
    }
    const cloud = project.operation(replay.made[4]!)
    expect(cloud.inputs.find((input) => input.role === 'latents')).toMatchObject({ hash: project.operation(replay.made[0]!).results[0]!.hash, source: { from: 'result', operation: replay.made[0] } })
    const state = project.state(plan.document, last)
    const layer = state.layers.get(carLayer.id)!
    expect(layer).toMatchObject({ opacity: 0.5, name: 'a red car', pixels: { hash: project.operation(replay.made[0]!).results[0]!.hash } })
    expect(layer.extra).toEqual({ from: [project.operation(replay.made[0]!).results[0]!.hash] })
    expect([...state.layers.values()].some((item) => item.name === 'a dog')).toBe(false)
    // The old branch is as it was.
    expect(project.state(plan.document, steps[8]!).layers.get(carLayer.id)!.pixels!.hash).toBe(carLayer.pixels!.hash)
    expect((await checkProject(project)).faults).toEqual([])
    project.close()
  })

  it('with another mask uses it in the step and in the layer', () => {
    const { project, car, carLayer } = nineSteps('mask')
    const mask = project.addBlob(Buffer.from('a better mask'), 'image/png')
    const replay = perform(project, planReplay(project, car, { inputs: { mask: mask.hash } }, car))
    expect(replay.made).toHaveLength(1)
    const layer = project.state(replay.plan.document, replay.made[0]!).layers.get(carLayer.id)!
    expect(layer.mask!.hash).toBe(mask.hash)
    expect(project.operation(replay.made[0]!).inputs.find((input) => input.role === 'mask')).toMatchObject({ hash: mask.hash, source: { from: 'blob' } })
    project.close()
  })

  it('goes up to where the document stands, else to the end of the newest branch, or where it is told', () => {
    const { project, document, steps, first } = nineSteps('range')
    project.goTo(document, steps[4]!)
    expect(planReplay(project, steps[2]!, {}).steps.map((step) => step.original)).toEqual(steps.slice(2, 5))
    project.goTo(document, first)
    expect(planReplay(project, steps[2]!, {}).steps.map((step) => step.original)).toEqual(steps.slice(2))
    expect(sentenceOf(() => planReplay(project, first, {}))).toMatch(/expected a step that was applied to the document, found the opening of the document/)
    expect(sentenceOf(() => planReplay(project, steps[4]!, {}, steps[2]!))).toMatch(/expected a step that follows from operation/)
    project.close()
  })

  it('says what cannot be as before: a layer that is gone, fewer results', () => {
    const { project, car } = nineSteps('gone')
    const plan = planReplay(project, car, {})
    const replay = new Replay(project, plan)
    replay.run({ results: [], inputs: {} })
    expect(replay.notices).toEqual(['Step "Fill: a red car" made 0 results where there were 1.'])
    expect(sentenceOf(() => replay.run({ results: [], inputs: {} }))).toMatch(/flattened document for "image" of step "Fill: a dog" was not handed in/)
    project.close()
  })

  it('turns a step into an engine request, and refuses parameters the task does not take', () => {
    const { project, car } = nineSteps('request')
    const [step] = planReplay(project, car, { seed: 5 }).steps
    const files = { image: '/x/image.png', mask: '/x/mask.png', out: '/x/out.png' }
    expect(engineRequest(step!, files)).toMatchObject({ task: 'inpaint', prompt: 'a red car', seed: 5, model: 'starter-inpaint', image: '/x/image.png', mask: '/x/mask.png', out: '/x/out.png' })
    expect(sentenceOf(() => engineRequest({ ...step!, params: { ...step!.params, steps: 5000 } }, files))).toMatch(/^Operation \d+, "Fill: a red car": expected parameters of inpaint, found steps: /)
    project.close()
  })
})

describe('comparing two operations', () => {
  it('tells parameters, inputs, pictures and layers that differ, and where the two part', () => {
    const { project, steps, car } = nineSteps('compare')
    const replay = perform(project, planReplay(project, car, { params: { prompt: 'a blue car' } }))
    const comparison = compareOperations(project, car, replay.made[0]!)
    expect(comparison.values).toEqual([{ name: 'prompt', a: 'a red car', b: 'a blue car' }])
    expect(comparison.inputs).toEqual([])
    expect(comparison).toMatchObject({ meeting: steps[1], stepsToA: 1, stepsToB: 1 })
    expect(comparison.pictures.a).not.toEqual(comparison.pictures.b)
    expect(comparison.state.layers).toHaveLength(1)
    const ends = compareOperations(project, steps[8]!, replay.made[6]!)
    expect(ends.inputs.map((input) => input.role)).toEqual(['image'])
    expect(ends.stepsToA).toBe(7)
    project.close()
  })
})
