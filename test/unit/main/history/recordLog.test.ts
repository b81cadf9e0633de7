import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { RecordLog, formatLine, parseLine, readLog, segmentNames } from '../../../../main/history/recordLog.ts'
import { scratch } from './projects.ts'

const folder = scratch()
let count = 0
function newFolder(): { records: string; keep: string } {
  const base = path.join(folder, String(count++))
  return { records: path.join(base, 'records'), keep: path.join(base, 'damaged') }
}
function fill(records: string, keep: string, from: number, to: number, size = 10): void {
  const log = new RecordLog(records, keep)
  for (let seq = from; seq <= to; seq++) log.append(seq, formatLine(seq, `["${'x'.repeat(size)}"]`))
  log.close()
}

describe('a line of the record log', () => {
  it('is JSON and is read back', () => {
    const line = formatLine(7, '[{"record":"setting","key":"a","value":"é\\n"}]')
    expect(JSON.parse(line)).toMatchObject({ seq: 7, records: [{ key: 'a', value: 'é\n' }] })
    expect(parseLine(line)).toEqual({ seq: 7, text: '[{"record":"setting","key":"a","value":"é\\n"}]', line })
  })

  it('is refused when any character of it changes or is cut off', () => {
    const line = formatLine(12, '[{"a":1}]')
    for (let at = 0; at < line.length; at++) {
      const changed = line.slice(0, at) + (line[at] === '1' ? '2' : '1') + line.slice(at + 1)
      expect(parseLine(changed), `character ${at}`).toBeUndefined()
      expect(parseLine(line.slice(0, at))).toBeUndefined()
    }
  })
})

describe('the record log', () => {
  it('goes on where it ended', () => {
    const { records, keep } = newFolder()
    fill(records, keep, 1, 3)
    fill(records, keep, 4, 5)
    expect(readLog(records).lines.map((line) => line.seq)).toEqual([1, 2, 3, 4, 5])
    expect(readLog(records).faults).toEqual([])
  })

  it('cuts a torn end off, keeps the torn bytes elsewhere, and goes on after the last whole line', () => {
    const { records, keep } = newFolder()
    fill(records, keep, 1, 3)
    const file = path.join(records, '000001.jsonl')
    const whole = fs.readFileSync(file)
    for (let cut = whole.length - 2; cut > whole.length - 60; cut -= 7) {
      fs.writeFileSync(file, whole.subarray(0, cut))
      expect(readLog(records).faults[0]?.sentence).toMatch(/Line 3 of records\/000001.jsonl was cut off/)
      const log = new RecordLog(records, keep)
      expect(log.lastSeq).toBe(2)
      log.append(3, formatLine(3, '["again"]'))
      log.close()
      expect(readLog(records).lines.map((line) => line.seq)).toEqual([1, 2, 3])
    }
    expect(fs.readdirSync(keep).length).toBeGreaterThan(0)
  })

  it('takes a last line that lacks only its line end as whole', () => {
    const { records, keep } = newFolder()
    fill(records, keep, 1, 2)
    const file = path.join(records, '000001.jsonl')
    fs.truncateSync(file, fs.statSync(file).size - 1)
    fill(records, keep, 3, 3)
    expect(readLog(records)).toMatchObject({ lines: [{ seq: 1 }, { seq: 2 }, { seq: 3 }], faults: [] })
    expect(fs.existsSync(keep)).toBe(false)
  })

  it('leaves out a damaged line in the middle and says which', () => {
    const { records, keep } = newFolder()
    fill(records, keep, 1, 4)
    const file = path.join(records, '000001.jsonl')
    fs.writeFileSync(file, fs.readFileSync(file, 'utf8').replace('"seq":2', '"seq":9'))
    const content = readLog(records)
    expect(content.lines.map((line) => line.seq)).toEqual([1, 3, 4])
    expect(content.faults.map((fault) => fault.sentence)).toEqual(['Line 2 of records/000001.jsonl was altered or is damaged and is left out.'])
  })

  it('starts a new segment when one is full and finds the last line across segments', () => {
    const { records, keep } = newFolder()
    fill(records, keep, 1, 9, 2 << 20)
    expect(segmentNames(records)).toEqual(['000001.jsonl', '000002.jsonl', '000003.jsonl'])
    fs.truncateSync(path.join(records, '000003.jsonl'), 100)
    const log = new RecordLog(records, keep)
    expect(log.lastSeq).toBe(6)
    log.close()
  })

  it('is replaced by a snapshot as a whole, and the old segments are kept', () => {
    const { records, keep } = newFolder()
    fill(records, keep, 1, 3)
    const log = new RecordLog(records, keep)
    log.replaceBySnapshot([formatLine(3, '["all"]'), formatLine(3, '["of it"]')], 3, keep)
    log.append(4, formatLine(4, '["next"]'))
    log.close()
    expect(segmentNames(records)).toEqual(['000002-snapshot.jsonl', '000003.jsonl'])
    expect(readLog(records).lines.map((line) => line.text)).toEqual(['["all"]', '["of it"]', '["next"]'])
    expect(fs.readdirSync(keep)).toEqual(['3-000001.jsonl'])
    const again = new RecordLog(records, keep)
    expect(again.lastSeq).toBe(4)
    again.close()
  })

  it('is flushed by itself soon after a line arrives', async () => {
    const { records, keep } = newFolder()
    const log = new RecordLog(records, keep)
    log.append(1, formatLine(1, '[]'))
    expect(log.syncedSeq).toBe(0)
    for (let wait = 0; wait < 200 && log.syncedSeq < 1; wait++) await new Promise((resolve) => setTimeout(resolve, 50))
    expect(log.syncedSeq).toBe(1)
    log.close()
  })
})
