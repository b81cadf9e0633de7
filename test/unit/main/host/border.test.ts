/** What crosses the border of the host: only what the contract says, only to ids it minted, never a path, never a stack. */
import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { methods } from '../../../../preload/contract/channels.ts'
import { toAppError } from '../../../../main/host/errors.ts'
import { PathScrubber } from '../../../../main/host/scrub.ts'
import { EngineError, badInput } from '../../../../main/engine/errors.ts'
import { brushMask, hostRig, sampleDocument } from '../../../support/hostRig.ts'

describe('the border', () => {
  it('answers forged methods and inputs with an error as data', async () => {
    const rig = hostRig()
    for (const name of ['__proto__', 'constructor', 'registerFile', 'files.grant', '', 'projects.list\u0000']) expect(await rig.refused(name, {})).toMatchObject({ code: 'host/unknown-method' })
    for (const input of [null, 5, 'x', [], { file: '../../etc/passwd' }, { file: `fil_${'a'.repeat(24)}`, extra: 1 }]) expect((await rig.refused('files.inspect', input))!.exitCode).toBe(2)
    expect(await rig.refused('media.read', { key: '../../../etc/passwd' })).toMatchObject({ code: 'host/input' })
  })

  it('knows no id that it did not mint, whatever it is asked for', async () => {
    const rig = hostRig()
    const { which } = await sampleDocument(rig)
    const other = hostRig()
    const [file, target, project, key] = [`fil_${'A'.repeat(24)}`, `tgt_${'A'.repeat(24)}`, `prj_${'A'.repeat(24)}`, 'A'.repeat(32)]
    const asked: [string, unknown][] = [
      ['files.inspect', { file }], ['files.fetch', { target, offset: 0 }], ['files.append', { file, offset: 0, bytes: new Uint8Array(1) }], ['media.read', { key }],
      ['projects.open', { ref: 'x'.repeat(32) }], ['projects.open', { file }], ['projects.view', { project }], ['documents.open', { project, document: 1 }],
      ['document.export', { ...which, target, format: { type: 'png' } }], ['jobs.cancel', { job: `job_${'A'.repeat(24)}` }], ['words.map', { maps: `map_${'A'.repeat(24)}`, index: 0 }],
    ]
    for (const [method, input] of asked) expect([method, (await rig.refused(method, input))?.code]).toEqual([method, 'host/unknown-id'])
    // what one session knows is nothing to another
    expect(await other.refused('documents.open', which)).toMatchObject({ code: 'host/unknown-id' })
    expect(await rig.refused('documents.open', { ...which, document: 99 })).toMatchObject({ code: 'project/no-such-document' })
  })

  it('lets no path out: not in answers, not in events, not in errors, not in the log a window reads', async () => {
    const rig = hostRig()
    const answers: unknown[] = []
    const ask = async (method: keyof typeof methods, input: unknown): Promise<void> => void answers.push(await rig.host.call(method, input))
    const { which, view } = await sampleDocument(rig)
    await brushMask(rig, which)
    const { job } = await rig.call('edit.run', { ...which, intent: { intent: 'fill', prompt: 'a cat' } })
    await rig.ended(job)
    const { edits } = await rig.call('staging.list', which)
    await ask('staging.accept', { ...which, operation: edits[0]!.operation, ordinals: [0] })
    const broken = path.join(rig.home, 'holiday photo.png')
    fs.writeFileSync(broken, 'nothing')
    const { file } = await rig.host.registerFile(broken)
    for (const method of ['app.info', 'app.log', 'projects.list', 'models.list', 'jobs.list', 'files.folders', 'engine.memory', 'network.status', 'downloads.list', 'batch.list', 'models.catalogue', 'settings.get'] as const) await ask(method, {})
    for (const method of ['history.list', 'staging.list', 'document.masks', 'documents.open', 'words.describe'] as const) await ask(method, which)
    for (const operation of [1, 2, 3]) await ask('history.show', { project: which.project, operation })
    await ask('files.inspect', { file })
    await ask('models.probe', { file })
    await ask('models.add', { file })
    await ask('document.change', { ...which, base: view.head + 2, change: { change: 'layer.import', file } })
    await ask('projects.open', { file })
    await ask('edit.predict', { ...which, intent: { intent: 'fill', prompt: 'a cat' } })
    const text = JSON.stringify([answers, rig.events], (_, value: unknown) => (value instanceof Uint8Array ? Buffer.from(value.subarray(0, 4096)).toString('latin1') : value))
    expect(text.length).toBeGreaterThan(5000)
    for (const secret of [rig.home, fs.realpathSync(rig.home), process.cwd(), '/models/starter']) expect(text).not.toContain(secret)
    expect(text).toContain('holiday photo.png')
  })
})

describe('errors as data', () => {
  const scrub = new PathScrubber(['/home/ann', '/home/ann/.cache/palimpsest', '/tmp'])

  it('keep the sentence and the code, and name files by their names', () => {
    const error = badInput('picture/damaged', { thing: '/home/ann/My Pictures/a cat.png', expected: 'a picture', found: 'something else', details: { file: '/home/ann/x/y.png', stack: 'at /home/ann' } })
    expect(toAppError(error, scrub)).toEqual({ code: 'picture/damaged', message: 'a cat.png: expected a picture, found something else.', exitCode: 2, details: { file: 'y.png' } })
    expect(scrub.text('"/home/ann/.cache/palimpsest/host-1-ab/ef-composite.png" could not be written')).toBe('"ef-composite.png" could not be written')
    expect(scrub.text('/home/ann/.cache/palimpsest/host-1-ab/4576dd95cad2-painted.tiles: expected a place to write, found a full disk')).toBe('a temporary file: expected a place to write, found a full disk')
    expect(scrub.text(`/home/ann/p/blobs/ab/${'ab'.repeat(32)}: expected more`)).toBe('the picture: expected more')
    expect(scrub.text('width and/or height')).toBe('width and/or height')
  })

  it('say nothing of what nobody foresaw but that the log has it', () => {
    for (const thrown of [new TypeError('x is undefined'), 'text', null, new EngineError('internal/unreachable', 'reached')])
      expect(toAppError(thrown, scrub)).toMatchObject({ code: 'internal/unexpected', exitCode: 1, details: {} })
  })
})
