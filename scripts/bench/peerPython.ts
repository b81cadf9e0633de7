/** Finds a Python that has PyTorch and diffusers, for side-by-side runs. Nothing but the benchmark uses it. */
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

const PROBE = 'import json,torch,diffusers,transformers;print(json.dumps([torch.__version__,diffusers.__version__]))'

/** A usable Python, or the reason why there is none. */
export type PeerPython = { readonly python: string; readonly torch: string; readonly diffusers: string } | { readonly missing: string }

/** PALIMPSEST_PYTHON, then .venv, then python3 and python from the path. */
export function findPeerPython(root: string): PeerPython {
  const named = process.env.PALIMPSEST_PYTHON
  const local = process.platform === 'win32' ? path.join(root, '.venv', 'Scripts', 'python.exe') : path.join(root, '.venv', 'bin', 'python')
  const candidates = named ? [named] : [...(fs.existsSync(local) ? [local] : []), 'python3', 'python']
  const tried: string[] = []
  for (const python of candidates) {
    const probe = spawnSync(python, ['-c', PROBE], { encoding: 'utf8', timeout: 120_000 })
    if (probe.status === 0) {
      const [torch, diffusers] = JSON.parse(probe.stdout.trim().split('\n').at(-1)!) as [string, string]
      return { python, torch, diffusers }
    }
    const why = probe.error ? 'cannot be started' : (probe.stderr.trim().split('\n').at(-1) ?? 'failed')
    tried.push(`${path.basename(python)}: ${why}`)
  }
  return { missing: `PyTorch with diffusers was not found (${tried.join('; ')}); set PALIMPSEST_PYTHON to a Python that has both to compare.` }
}
