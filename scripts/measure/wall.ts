/** One edit with direct inversion: whether anything but the nets takes time, on a new picture and on a known one. */
import { rmSync } from 'node:fs'
import path from 'node:path'
import type { Engine } from '../../main/engine/index.ts'
import { figure, mean, table } from './report.ts'
import { readScenes, type Scene } from './scenes.ts'
import { openEngine, tell, type Measure } from './session.ts'

interface Edit {
  readonly kind: 'cold' | 'cached'
  readonly rows: { readonly invert: number; readonly edit: number }
  readonly seconds: number
  readonly vae: number
  readonly rowSeconds: number
  readonly ratio: number
}

/** direct+p2p, 50 steps: row-forwards, and the wall clock after load against rows x measured row + VAE. */
export const wall: Measure = {
  summary: 'one edit, direct+p2p, 50 steps: row-forwards and wall ratio, cold and cached',
  async run({ folder, limit = 3, steps = 50, model }) {
    // a cache of its own: the first edit of a picture is to find nothing
    const cache = path.join(folder, 'cache')
    rmSync(path.join(cache, 'trajectories'), { recursive: true, force: true })
    const engine = openEngine(cache)
    const edits: Edit[] = []
    const scenes = readScenes().slice(0, limit + 1)
    await edit(engine, { scene: scenes[0]!, steps: 2, model, folder, kind: 'cold' }) // opens and warms what is kept
    for (const [i, scene] of scenes.slice(1).entries()) {
      for (const kind of ['cold', 'cached'] as const) edits.push(await edit(engine, { scene, steps, model, folder, kind }))
      tell(i + 1, limit, 'wall')
    }
    await engine.dispose()
    const of = (kind: Edit['kind']): Edit[] => edits.filter((one) => one.kind === kind)
    const most = (pick: (one: Edit) => number): number => Math.max(...edits.map(pick))
    return {
      figures: [
        figure('row-forwards to invert', { atMost: steps }, most(({ rows }) => rows.invert), { digits: 0 }),
        figure('row-forwards to edit', { atMost: 3 * steps }, most(({ rows }) => rows.edit), { digits: 0 }),
        figure('wall / (rows x row + VAE), cold', { atMost: 1.3 }, mean(of('cold').map(({ ratio }) => ratio))),
        figure('wall / (rows x row + VAE), cached', { atMost: 1.3 }, mean(of('cached').map(({ ratio }) => ratio))),
      ],
      details: [
        table(['edit', 'rows to invert', 'rows to edit', 'ms per row', 'VAE s', 'wall s', 'ratio'], edits.map((one) => [one.kind, one.rows.invert, one.rows.edit, (1000 * one.rowSeconds).toFixed(1), one.vae.toFixed(2), one.seconds.toFixed(2), one.ratio.toFixed(2)])),
        'A row is timed by a plain guided run of the same model in the same process; the wall clock is the whole request but its load phase.',
      ],
    }
  },
}

async function edit(engine: Engine, { scene, steps, model, folder, kind }: { scene: Scene; steps: number; model: string; folder: string; kind: Edit['kind'] }): Promise<Edit> {
  const word = scene.objects[0]!.word
  const other = word === 'flower' ? 'mushroom' : 'flower'
  const plain = await engine.run({ task: 'txt2img', model, prompt: scene.caption, steps: Math.min(steps, 20), seed: 1, scheduler: 'ddim', device: 'cpu', out: path.join(folder, 'row.png') })
  const rowSeconds = Number(plain['unetSeconds']) / Number(plain['unetCalls'])
  const started = performance.now()
  const result = await engine.run({ task: 'swap', model, image: scene.image, prompt: scene.caption, swap: [`${word}=>${other}`], inversion: 'direct', steps, seed: 1, device: 'cpu', out: path.join(folder, `${kind}.png`) })
  const phases = result['seconds'] as Record<string, number>
  const seconds = (performance.now() - started) / 1000 - (phases['load'] ?? 0)
  const vae = (phases['encode'] ?? 0) + (phases['decode'] ?? 0)
  const rows = { invert: Number(result['rowForwardsInversion']), edit: Number(result['rowForwardsEdit']) }
  return { kind, rows, seconds, vae, rowSeconds, ratio: seconds / ((rows.invert + rows.edit) * rowSeconds + vae) }
}
