import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { COMMAND_GROUPS } from '../../../../main/cli/commands.ts'
import { flagsOf, shownDefault } from '../../../../main/cli/flags.ts'
import { main } from '../../../../main/cli/index.ts'
import { callerFolder } from '../../../../main/cli/surroundings.ts'
import { palimpsestPaths, programRoot } from '../../../../main/paths.ts'

const commands = COMMAND_GROUPS.flatMap((group) => group.commands)
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'palimpsest-cli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Said { code: number; out: string; err: string }

/** Runs the command line in this process: what is tested here ends before an engine is started. */
async function say(args: string[]): Promise<Said> {
  let out = ''
  let err = ''
  const streams = { stdout: { write: (text: string) => (out += text) }, stderr: { write: (text: string) => (err += text) } }
  const env = { PALIMPSEST_HOME: path.join(folder, 'home'), PALIMPSEST_ENGINE_MODULE: 'file:///no/engine/may/be/started' }
  const code = await main(args, { env, callerFolder: folder, paths: palimpsestPaths({ env }), streams, debug: false, unicode: true })
  return { code, out, err }
}

describe('help', () => {
  it.each(commands.map((spec) => [spec.name, spec] as const))('of %s names every parameter with its description and default', async (name, spec) => {
    const { code, out } = await say([name, '--help'])
    expect(code).toBe(0)
    const flat = out.replace(/\s+/g, ' ')
    for (const flag of flagsOf(spec.schema, spec)) {
      const shown = spec.positionals?.includes(flag.field) ? flag.field.toUpperCase() : flag.name
      expect(flat).toContain(shown)
      expect(flag.description, `${name} ${flag.name} has a description`).not.toBe('')
      expect(flat).toContain(flag.description.replace(/\s+/g, ' '))
      if (flag.kind !== 'switch' && shownDefault(flag) !== '') expect(flat).toContain(`default: ${shownDefault(flag)}`)
    }
    expect(out).toContain(`Examples:\n  palimpsest ${name}`)
  })

  it('lists every command, the exit codes and the environment', async () => {
    const { code, out } = await say(['--help'])
    expect(code).toBe(0)
    for (const { name, summary } of commands) expect(out).toMatch(new RegExp(`^  ${name}\\b.*${summary.slice(0, 20).replace(/[|.()]/g, '\\$&')}`, 'm'))
    expect(out).toMatch(/0 done, 1 failed, 2 bad input, 130 cancelled/)
    expect((await say(['help', 'inpaint'])).out).toContain('Usage: palimpsest inpaint --prompt <text>')
  })

  it('is what a bare call prints, with exit code 2', async () => {
    const { code, err, out } = await say([])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('Usage: palimpsest')
  })

  it('has every command of the specification', () => {
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['txt2img', 'img2img', 'inpaint', 'outpaint', 'remove', 'describe', 'models', 'devices', 'show', 'net', 'graph', 'invert', 'swap', 'attention', 'evaluate']),
    )
  })
})

describe('a mistake', () => {
  const txt2img = ['txt2img', '--prompt', 'a cat', '--out', 'cat.png']
  const cases: readonly (readonly [string, readonly string[], RegExp])[] = [
    ['an unknown command', ['txt2mig'], /^Error: palimpsest txt2mig: .*perhaps txt2img is meant\.\n$/],
    ['an unknown command after help', ['help', 'inpant'], /perhaps inpaint is meant/],
    ['an unknown option', [...txt2img, '--stpes', '5'], /found --stpes; perhaps --steps is meant\.\n$/],
    ['an unknown option with a value', [...txt2img, '--sed=5'], /found --sed; perhaps --seed is meant/],
    ['missing options', ['inpaint', '--image', 'a.png'], /^Error: inpaint: expected --prompt <text>, --mask <file> and --out <file>, found none given;/],
    ['an option without its value', ['txt2img', '--out', 'x.png', '--prompt'], /^Error: --prompt: expected a value <text>, found none\.\n$/],
    ['zero steps', [...txt2img, '--steps', '0'], /^Error: --steps: expected a whole number from 1 to 1000, found "0"\.\n$/],
    ['2000 steps', [...txt2img, '--steps', '2000'], /^Error: --steps: expected a whole number from 1 to 1000, found "2000"\.\n$/],
    ['half a step', [...txt2img, '--steps', '1.5'], /--steps: expected a whole number/],
    ['steps in letters', [...txt2img, '--steps', 'many'], /--steps: expected a whole number from 1 to 1000, found "many"/],
    ['an infinite guidance', [...txt2img, '--guidance', '1e999'], /--guidance: expected a number from 0 to 50, found "1e999"/],
    ['a negative seed', [...txt2img, '--seed', '-1'], /--seed: expected a whole number of at least 0, found "-1"/],
    ['an unknown scheduler', [...txt2img, '--scheduler', 'eular'], /--scheduler: expected one of euler, euler-a, .*perhaps euler is meant/],
    ['an unknown device', [...txt2img, '--device', 'gpu'], /--device: expected one of .*, found "gpu"/],
    ['a size in words', [...txt2img, '--size', 'big'], /--size: expected a size as WxH with sides from \d+ to \d+ pixels, found "big"/],
    ['a size too large', [...txt2img, '--size', '9999x64'], /--size: expected a size as WxH/],
    ['a strength over 1', ['img2img', '--image', 'a.png', '--prompt', 'x', '--out', 'b.png', '--strength', '1.1'], /--strength: expected a number from 0 to 1, found "1.1"/],
    ['a result of no known kind', ['txt2img', '--prompt', 'x', '--out', 'cat.gif'], /--out .*cat\.gif: expected a name ending in \.png, .*, found "\.gif"/],
    ['a result in no folder', ['txt2img', '--prompt', 'x', '--out', 'none/cat.png'], /--out .*expected a file in a folder that exists, found no such folder/],
    ['a result below a file', ['txt2img', '--prompt', 'x', '--out', 'file.txt/cat.png'], /expected a file in a folder, found a file at/],
    ['a result that is a folder', ['txt2img', '--prompt', 'x', '--out', 'folder.png'], /expected a file name, found a folder of that name/],
    ['two results in one file', ['inpaint', '--image', 'a.png', '--mask', 'm.png', '--prompt', 'x', '--out', 'b.png', '--sheet', 'b.png'], /expected a file of its own, found the same file as --out/],
    ['a result over the mask', ['remove', '--image', 'a.png', '--mask', 'm.png', '--out', 'm.png'], /found the same file as --mask/],
    ['a trace that is a picture', [...txt2img, '--trace', 'trace.png'], /--trace .*expected a name ending in \.safetensors/],
    ['no side to extend', ['outpaint', '--image', 'a.png', '--prompt', 'x', '--out', 'b.png'], /^Error: outpaint: expected pixels to add on at least one side, found 0 on each/],
    ['words without quotes', [...txt2img, 'on', 'a', 'hill'], /found "on a hill"; put a text with spaces between quotes/],
    ['a share over 1', ['swap', '--prompt', 'a cat', '--cross', '2', '--out', 'b.png'], /--cross: expected a number from 0 to 1, found "2"/],
    ['an unknown inversion', ['swap', '--prompt', 'a cat', '--swap', 'cat=>dog', '--inversion', 'drect', '--out', 'b.png'], /--inversion: expected one of direct, .*perhaps direct is meant/],
    ['a table into a file', ['evaluate', '--bench', '.', '--out', 'file.txt'], /expected a folder, found a file of that name/],
    ['an unknown component', ['net', 'unett', '--in', 'a.safetensors', '--out', 'b.safetensors'], /net COMPONENT: expected one of unet, .*found "unett"; perhaps unet is meant/],
    ['models add without a path', ['models', 'add'], /^Error: models add: expected the path of a checkpoint, found none given/],
    ['an unknown models action', ['models', 'lst'], /models ACTION: expected one of list, .*perhaps list is meant/],
  ]

  it.each(cases)('%s is one sentence, exit 2, nothing written', async (_name, args, sentence) => {
    writeFileSync(path.join(folder, 'file.txt'), 'x')
    mkdirSync(path.join(folder, 'folder.png'), { recursive: true })
    const before = readdirSync(folder)
    const { code, out, err } = await say([...args])
    expect(err).toMatch(sentence)
    expect(err.trimEnd().split('\n')).toHaveLength(1)
    expect(err).not.toMatch(/\n\s+at |\.\.\n|undefined|\[object/)
    expect([code, out]).toEqual([2, ''])
    expect(readdirSync(folder)).toEqual(before)
  })

  it('is a JSON line too when JSON was asked for', async () => {
    const { code, out, err } = await say([...txt2img, '--steps', '0', '--json'])
    expect(code).toBe(2)
    expect(JSON.parse(out)).toEqual({ event: 'error', code: 'input/option', exitCode: 2, message: '--steps: expected a whole number from 1 to 1000, found "0".' })
    expect(err).toContain('--steps')
    expect(JSON.parse((await say(['nothing', '--json'])).out)).toMatchObject({ event: 'error', code: 'input/unknown-command' })
  })
})

describe('the caller\'s folder', () => {
  it("is npm's INIT_CWD only where npm has moved us", () => {
    const npm = { INIT_CWD: '/somewhere', npm_lifecycle_event: 'cli' }
    expect(callerFolder(npm, programRoot)).toBe('/somewhere')
    expect(callerFolder(npm, '/elsewhere')).toBe('/elsewhere')
    expect(callerFolder({ INIT_CWD: '/somewhere' }, programRoot)).toBe(programRoot)
    expect(callerFolder({}, '/elsewhere')).toBe('/elsewhere')
  })
})

describe('flagsOf', () => {
  it('reads names, kinds, limits and defaults out of a schema', () => {
    const schema = z.object({
      task: z.literal('x'),
      crossReplace: z.number().min(0).max(1).default(0.4).describe('share of steps'),
      swap: z.array(z.string()).optional().describe('what becomes what'),
      blendWords: z.array(z.string()).optional().describe('words that blend'),
      keep: z.boolean().default(true).describe('keep it'),
    })
    const flags = flagsOf(schema)
    expect(flags.map(({ name, kind }) => [name, kind])).toEqual([['--cross-replace', 'number'], ['--no-keep', 'switch'], ['--swap', 'list'], ['--blend-words', 'commaList']])
    expect(flags[0]).toMatchObject({ minimum: 0, maximum: 1, defaultValue: 0.4, required: false })
  })
})
