/** The commands about projects, in this process; none of them starts an engine. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { main } from '../../../../main/cli/index.ts'
import { openProject } from '../../../../main/history/openProject.ts'
import { palimpsestPaths } from '../../../../main/paths.ts'
import { plainTile, sampleProject, scratch } from '../history/projects.ts'

const folder = scratch()

async function say(...args: string[]): Promise<{ code: number; out: string; err: string; json: Record<string, unknown> }> {
  let out = ''
  let err = ''
  const streams = { stdout: { write: (text: string) => (out += text) }, stderr: { write: (text: string) => (err += text) } }
  const env = { PALIMPSEST_HOME: path.join(folder, 'home'), PALIMPSEST_ENGINE_MODULE: 'file:///no/engine/may/be/started' }
  const code = await main(args, { env, callerFolder: folder, paths: palimpsestPaths({ env }), streams, debug: false, unicode: true })
  return { code, out, err, json: args.includes('--json') ? (JSON.parse(out.trimEnd().split('\n').at(-1)!) as Record<string, unknown>) : {} }
}

/** A project with an edit by a mask, an edit by a colour and a stroke. */
function edited(name: string): { stroke: number } {
  const { project, document, paint } = sampleProject(folder, name)
  const masks = ['by hand', 'by colour'].map((text) => project.addBlob(Buffer.from(text), 'image/png'))
  project.saveMask(document, { name: 'Blue', hash: masks[1]!.hash, width: 9, height: 9, origin: { from: 'colour', colour: [51, 102, 204], tolerance: 0.2 } })
  for (const [index, mask] of masks.entries()) {
    const result = project.addBlob(Buffer.from(`result ${index}`), 'image/png')
    project.commitOperation(document, {
      kind: 'inpaint', title: `Fill ${index}`, model: 'starter-inpaint', seed: index, params: { prompt: `a car ${index}`, steps: 12 },
      inputs: [{ role: 'mask', hash: mask.hash, source: { from: 'blob' } }], results: [{ role: 'picture', hash: result.hash, width: 8, height: 8, seed: index }],
    })
  }
  const stroke = project.commitOperation(document, { kind: 'stroke', title: 'Brush', tiles: [{ layer: paint.id, plane: 'pixels', x: 0, y: 0, pixels: plainTile(7) }] })
  project.close()
  return { stroke }
}

describe('palimpsest project', () => {
  it('new makes a project that open describes; a name that is taken is refused', async () => {
    expect(await say('project', 'new', 'fresh', '--name', 'Garden, spring')).toMatchObject({ code: 0, out: expect.stringMatching(/^Made the project .*fresh\.\n$/) as string })
    expect(await say('project', 'open', 'fresh')).toMatchObject({ code: 0, out: expect.stringMatching(/project "Garden, spring" with 0 documents\.\n$/) as string })
    expect(await say('project', 'new', 'fresh')).toMatchObject({ code: 2, err: expect.stringMatching(/expected a new name or an empty folder, found a folder with files in it/) as string })
  })

  it('zip packs and open unpacks the same project; check reads every file of it', async () => {
    edited('zipped')
    expect((await say('project', 'zip', 'zipped', '--out', 'z.palimpsest')).code).toBe(0)
    const opened = await say('project', 'open', 'z.palimpsest', '--out', 'unzipped', '--json')
    expect(opened.json).toMatchObject({ event: 'result', mode: 'write', documents: [{ name: 'Photograph', operations: 4 }], notices: [] })
    expect(await say('project', 'check', 'unzipped')).toMatchObject({ code: 0, out: expect.stringMatching(/^unzipped is sound: 1 document, 4 operations, \d+ files/) as string })
    expect((await say('project', 'zip', 'zipped', '--out', 'z.zip')).err).toMatch(/expected a name ending in \.palimpsest, found "\.zip"/)
    expect((await say('project', 'open', 'z.palimpsest', '--out', 'unzipped')).err).toMatch(/expected a name that is still free/)
  })

  it('check names a damaged file and what it belongs to, and ends with 1', async () => {
    edited('spoilt')
    const blob = fs.readdirSync(path.join(folder, 'spoilt', 'blobs'), { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, 'spoilt', 'blobs', name)).find((file) => fs.statSync(file).isFile() && fs.readFileSync(file, 'utf8') === 'result 1')!
    fs.writeFileSync(blob, 'result 2')
    const { code, out, json } = await say('project', 'check', 'spoilt', '--json')
    expect([code, json['sound']]).toEqual([1, false])
    expect(out).toMatch(/no longer holds what was saved in it\. It is .*Fill 1/)
  })

  it('refuses an archive that is none, and what is no project', async () => {
    fs.writeFileSync(path.join(folder, 'evil.palimpsest'), 'PK no archive')
    expect(await say('project', 'open', 'evil.palimpsest')).toMatchObject({ code: 2 })
    expect(fs.existsSync(path.join(folder, 'evil'))).toBe(false)
    expect(await say('project', 'check', 'nowhere')).toMatchObject({ code: 2, err: expect.stringMatching(/expected the folder of a Palimpsest project, found nothing at that path/) as string })
  })
})

describe('palimpsest history', () => {
  it('list prints the tree with where the document stands; show prints one operation', async () => {
    const { stroke } = edited('told')
    const listed = await say('history', 'list', 'told')
    expect(listed.out).toMatch(/^Photograph \(800 x 600\)\n/)
    expect(listed.out).toMatch(/^ +2 +1 +Fill 0 +0 +starter-inpaint/m)
    expect(listed.out).toMatch(new RegExp(`^> +${stroke} +3 +Brush`, 'm'))
    expect((await say('history', 'list', 'told', '--json')).json).toMatchObject({ documents: [{ name: 'Photograph', operations: [{ id: 1 }, { id: 2, params: { prompt: 'a car 0' } }, { id: 3 }, { id: stroke }] }] })
    expect((await say('history', 'show', 'told', '3')).out).toMatch(/kind: inpaint\n[^]*prompt: a car 1/)
    expect((await say('history', 'show', 'told', '99')).code).not.toBe(0)
    expect((await say('history', 'show', 'told')).err).toMatch(/history show: expected the number of an operation, found none given/)
    expect((await say('history', 'list', 'told', '--document', '7')).err).toMatch(/no document 7/)
  })

  it('export writes a recipe with its masks, or the picture of an operation as it is', async () => {
    edited('exported')
    fs.mkdirSync(path.join(folder, 'recipes'))
    const { code, json } = await say('history', 'export', 'exported', '2-4', '--out', 'recipes/cars.json', '--json')
    expect([code, json['steps'], json['leftOut']]).toEqual([0, 2, [4]])
    const recipe = JSON.parse(fs.readFileSync(path.join(folder, 'recipes', 'cars.json'), 'utf8')) as { name: string; steps: { aim: { mask?: string } }[] }
    expect(recipe).toMatchObject({ name: 'cars', steps: [{ prompt: 'a car 0' }, { aim: { colour: '#3366cc', tolerance: 0.2 } }] })
    expect(fs.readFileSync(path.join(folder, 'recipes', recipe.steps[0]!.aim.mask!), 'utf8')).toBe('by hand')
    expect((await say('history', 'export', 'exported', '3', '--out', 'three.png')).code).toBe(0)
    expect(fs.readFileSync(path.join(folder, 'three.png'), 'utf8')).toBe('result 1')
    expect((await say('history', 'export', 'exported', '4', '--out', 'four.png')).err).toMatch(/"Brush": expected one that made a picture, found none/)
    expect((await say('history', 'export', 'exported', '3', '--out', 'three.jpg')).err).toMatch(/expected a name ending in \.png/)
    expect((await say('history', 'export', 'exported', '4', '--out', 'four.json')).err).toMatch(/expected at least one of inpaint/)
  })

  it('can be looked at while the project is open elsewhere, and not replayed; the sentence names who has it', async () => {
    edited('busy')
    const { project } = openProject(path.join(folder, 'busy'), { program: 'the editor' })
    try {
      expect((await say('history', 'list', 'busy')).code).toBe(0)
      const { code, err } = await say('history', 'replay', 'busy', '2')
      expect([code, err]).toEqual([2, expect.stringMatching(/expected a project that nobody else is editing, found it open in the editor \(process \d+/)])
      expect((await say('repair', 'busy')).err).toMatch(/found it open in the editor/)
    } finally {
      project.close()
    }
  })

  it('replay refuses a parameter that the task does not have before an engine is started', async () => {
    edited('wrong')
    expect((await say('history', 'replay', 'wrong', '2', '--set', 'promt=x')).err).toMatch(/expected a parameter of inpaint, found "promt"; perhaps prompt is meant/)
    expect((await say('history', 'replay', 'wrong', '2', '--set', 'steps=many')).err).toMatch(/expected a value that "steps" of inpaint can take, found "many"/)
    expect((await say('history', 'replay', 'wrong', '1')).err).toMatch(/expected a step that was applied to the document, found the opening/)
  })
})

describe('palimpsest repair', () => {
  it('builds a missing database again and says what is there', async () => {
    edited('broken')
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(path.join(folder, `broken/project.db${suffix}`), { force: true })
    expect((await say('project', 'check', 'broken')).err).toMatch(/run "palimpsest repair broken" to build it again/)
    const { code, out } = await say('repair', 'broken')
    expect([code, out]).toEqual([0, expect.stringMatching(/^Built the database of .*broken again: 1 document, 4 operations; what was there before is in /)])
    expect((await say('project', 'check', 'broken')).code).toBe(0)
  })
})
