/** Which files of a repository make a model that the engine can open: weights once, not in every form they are offered in. */
import { badInput } from '../../engine/errors.ts'
import type { HubFile } from './hub.ts'

/** Folders of a diffusers checkpoint that the engine reads. */
const FOLDERS = ['unet', 'vae', 'text_encoder', 'image_encoder', 'tokenizer', 'scheduler', 'tiny_vae', 'probe']
const WEIGHTS = /^(?:diffusion_pytorch_model|pytorch_model|model)(?:\.(?<variant>[a-z]\w*))?(?:-\d{5}-of-\d{5})?\.safetensors$/
const PAPERS = /^(LICEN[CS]E|NOTICE|USE_POLICY)(\.\w+|-\w+)?$/i

/**
 * Chooses the files to download.
 * @param wanted names a person chose; when absent, the parts of a diffusers folder in one variant, or else the only
 *   weights at the top of the repository
 * @param variant "fp16" takes half-precision weights of a component where there are some; "" full precision
 * @throws EngineError download/no-file, download/unsafe-name, download/no-weights (exit 2)
 */
export function selectFiles(repository: string, files: readonly HubFile[], wanted: readonly string[] | undefined, variant: '' | 'fp16'): HubFile[] {
  const chosen = wanted === undefined ? defaultFiles(repository, files, variant) : wanted.map((name) => {
    const found = files.find((file) => file.name === name)
    if (!found) throw badInput('download/no-file', { thing: `${repository}: ${name}`, expected: 'a file of the repository', found: 'none of this name' })
    return found
  })
  for (const { name } of chosen) if (!isSafeName(name)) throw badInput('download/unsafe-name', { thing: repository, expected: 'plain file names', found: JSON.stringify(name), todo: 'do not use this repository' })
  const folded = new Set(chosen.map(({ name }) => name.toLowerCase()))
  if (folded.size !== chosen.length) throw badInput('download/unsafe-name', { thing: repository, expected: 'names that differ by more than case', found: 'two that do not', todo: 'choose fewer files' })
  return chosen
}

/** Whether a name of a repository stays inside the folder it is written to, on every system. */
export function isSafeName(name: string): boolean {
  const parts = name.split('/')
  return parts.length <= 8 && parts.every((part) =>
    /^[^\\:*?"<>|\u0000-\u001f]{1,200}$/.test(part) && !/^\.{1,2}$/.test(part) && !/[. ]$/.test(part) && !/^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i.test(part))
}

function defaultFiles(repository: string, files: readonly HubFile[], variant: '' | 'fp16'): HubFile[] {
  const papers = files.filter(({ name }) => PAPERS.test(name))
  if (files.some(({ name }) => name === 'model_index.json')) {
    const parts = FOLDERS.flatMap((folder) => componentFiles(files.filter(({ name }) => name.startsWith(`${folder}/`) && name.split('/').length === 2), variant))
    if (parts.some(({ name }) => /^unet\/.*\.safetensors$/.test(name))) return [...files.filter(({ name }) => name === 'model_index.json'), ...parts, ...papers]
  }
  const single = files.filter(({ name }) => /^[^/]+\.safetensors$/.test(name))
  if (single.length === 1) return [...single, ...papers]
  throw badInput('download/no-weights', {
    thing: repository, expected: 'a diffusers checkpoint or one .safetensors file', found: single.length === 0 ? 'no .safetensors weights' : `${single.length} checkpoints`,
    todo: single.length === 0 ? 'choose another repository' : 'choose one of them',
  })
}

/** The small files of a component and its weights in one form: the variant, else full precision, else the first there is. */
function componentFiles(files: readonly HubFile[], variant: '' | 'fp16'): HubFile[] {
  const base = (file: HubFile): string => file.name.slice(file.name.indexOf('/') + 1)
  const weights = files.filter((file) => base(file).endsWith('.safetensors'))
  const variantOf = (file: HubFile): string | undefined => {
    const match = WEIGHTS.exec(base(file))
    return match ? (match.groups?.['variant'] ?? '') : undefined
  }
  const known = weights.flatMap((file) => variantOf(file) ?? [])
  const form = [variant, '', 'fp16', ...known].find((candidate) => known.includes(candidate))
  const ofForm = form === undefined ? weights : weights.filter((file) => variantOf(file) === form)
  const whole = ofForm.filter((file) => !/-\d{5}-of-\d{5}/.test(base(file)))
  const small = files.filter((file) => /\.(json|txt|model)$/.test(base(file)) && !/\.(bin|msgpack)\.index/.test(base(file)))
  const indices = small.filter((file) => base(file).includes('.index'))
  // an index belongs to shards: with whole weights it would name files that are not there
  return [...small.filter((file) => whole.length === 0 || !indices.includes(file)), ...(whole.length > 0 ? whole : ofForm)]
}
