/** Strokes under way: saved while they are drawn, found again after an end without farewell, kept when the disk is full. */
import { afterEach, describe, expect, it, vi } from 'vitest'
import { failed } from '../../../../main/engine/errors.ts'
import { Project } from '../../../../main/history/project.ts'
import { hostRig, sampleDocument, scratchFolder, whiteBox } from '../../../support/hostRig.ts'

afterEach(() => vi.restoreAllMocks())
const start = { layer: null, plane: 'pixels' as const, title: 'Mask brush', tool: 'brush' }

describe('a stroke', () => {
  it('that ends is one step, whatever was saved on the way', async () => {
    const rig = hostRig()
    const { view: first, which } = await sampleDocument(rig)
    const { stroke, layer } = await rig.call('stroke.begin', { ...which, start })
    await rig.call('stroke.save', { ...which, stroke, tiles: [{ x: 0, y: 0, bytes: whiteBox(0, 0, 5, 5) }] })
    await rig.call('stroke.save', { ...which, stroke, tiles: [{ x: 0, y: 0, bytes: whiteBox(0, 0, 9, 9) }, { x: 1, y: 0, bytes: whiteBox(0, 0, 3, 3) }] })
    const view = await rig.call('stroke.commit', { ...which, stroke, start, tiles: [{ x: 1, y: 0, bytes: whiteBox(0, 0, 4, 4) }] })
    expect(view).toMatchObject({ activeMask: layer, undo: 'Mask brush' })
    const { tiles } = await rig.call('tiles.read', { ...which, tiles: [0, 1].map((x) => ({ layer, plane: 'pixels' as const, level: 0, x, y: 0 })) })
    expect(tiles.map(({ bytes }) => bytes!.reduce((sum, value) => sum + value / 255, 0))).toEqual([81, 16])
    expect((await rig.call('stroke.recovered', { project: which.project })).strokes).toEqual([])
    expect((await rig.call('history.undo', which)).head).toBe(first.head)
    expect(await rig.refused('stroke.save', { ...which, stroke, tiles: [] })).toMatchObject({ code: 'stroke/unknown' })
  })

  it('with tiles of another length is refused', async () => {
    const rig = hostRig()
    const { which } = await sampleDocument(rig)
    expect(await rig.refused('stroke.commit', { ...which, stroke: null, start, tiles: [{ x: 0, y: 0, bytes: new Uint8Array(12) }] })).toMatchObject({ code: 'stroke/tile', exitCode: 2 })
  })

  it('that was being drawn when the host ended is offered again and can be restored or given up', async () => {
    const home = scratchFolder()
    const before = hostRig(home)
    const { which } = await sampleDocument(before)
    for (const side of [7, 3]) {
      const { stroke } = await before.call('stroke.begin', { ...which, start })
      await before.call('stroke.save', { ...which, stroke, tiles: [{ x: 0, y: 0, bytes: whiteBox(0, 0, side, side) }] })
    }
    await before.host.close()
    const rig = hostRig(home)
    const [listed] = (await rig.call('projects.list', {})).projects
    const opened = await rig.call('projects.open', { ref: listed!.ref })
    expect(opened.notices.join(' ')).toMatch(/stroke|drawn/i)
    const again = { project: opened.project, document: which.document }
    const { strokes } = await rig.call('stroke.recovered', { project: opened.project })
    expect(strokes).toMatchObject([{ title: 'Mask brush', document: which.document }, { title: 'Mask brush' }])
    const view = await rig.call('stroke.restore', { ...again, stroke: strokes[0]!.stroke })
    const { tiles } = await rig.call('tiles.read', { ...again, tiles: [{ layer: view.activeMask!, plane: 'pixels', level: 0, x: 0, y: 0 }] })
    expect(tiles[0]!.bytes!.reduce((sum, value) => sum + value / 255, 0)).toBe(49)
    await rig.call('stroke.discard', { ...again, stroke: strokes[1]!.stroke })
    expect((await rig.call('stroke.recovered', { project: opened.project })).strokes).toEqual([])
  })

  it('on a full disk is told once, kept in memory, and made one step when there is room', async () => {
    const rig = hostRig()
    const { view: first, which } = await sampleDocument(rig)
    const full = (): never => { throw failed('project/disk-full', 'The disk is full: "project.db" could not be written.') }
    const refusing = [vi.spyOn(Project.prototype, 'autosaveStroke').mockImplementation(full), vi.spyOn(Project.prototype, 'commitOperation').mockImplementation(full)]
    const told = rig.next('notice', ({ sticky, over }) => sticky && !over)
    const committed = rig.call('stroke.commit', { ...which, stroke: null, start, tiles: [{ x: 0, y: 0, bytes: whiteBox(0, 0, 6, 6) }] })
    const notice = await told
    expect(notice).toMatchObject({ level: 'error', message: expect.stringContaining('disk is full') as string })
    await vi.waitFor(() => expect(refusing[1]!.mock.calls.length).toBeGreaterThan(1), 5000) // tried again, and again in vain
    expect((await rig.call('documents.open', which)).head).toBe(first.head)
    const over = rig.next('notice', ({ id, over: ended }) => id === notice.id && ended)
    for (const each of refusing) each.mockRestore()
    expect(await committed).toMatchObject({ undo: 'Mask brush' })
    await over
    expect((await rig.call('history.undo', which)).head).toBe(first.head) // one step, not one for each try
    expect(rig.events.filter(({ event, data }) => event === 'notice' && (data as { id: string }).id === notice.id)).toHaveLength(2)
  })
})
