/** `npm run demo`: inpaints the bundled sample picture with the starter model, through the same command line that people use. */
import { existsSync, mkdirSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { spawnSync } from 'node:child_process'
import { checkoutEnvironment } from '../main/paths.ts'

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
const out = path.join(root, 'out')
const samples = path.join(root, 'models', 'samples')
mkdirSync(out, { recursive: true })

const args = [
  'inpaint',
  '--image', path.join(samples, 'meadow.png'),
  '--mask', path.join(samples, 'meadow-mask.png'),
  '--prompt', 'a large orange mushroom on a meadow',
  '--seed', '7',
  '--out', path.join(out, 'demo.png'),
  '--sheet', path.join(out, 'demo-sheet.png'),
  ...process.argv.slice(2),
]
process.stderr.write('Painting "a large orange mushroom" into the sample picture with the starter model.\n')
const result = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', path.join(root, 'main', 'cli', 'index.ts'), ...args], {
  stdio: 'inherit',
  // a checkout keeps its caches below git-ignored folders
  env: { ...process.env, ...checkoutEnvironment(root) },
})
if (result.status === 0 && existsSync(path.join(out, 'demo-sheet.png'))) {
  process.stdout.write(`\nBefore, mask and after side by side: ${path.relative(process.cwd(), path.join(out, 'demo-sheet.png'))}\n`)
}
process.exit(result.status ?? 1)
