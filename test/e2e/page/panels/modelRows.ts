/** Models, catalogue and downloads for the stand-in host. */
import type { CatalogueEntry, Download, ModelRow } from '../../../../preload/contract/models.ts'
import { VOCABULARY } from './wordRows.ts'

const can = { describe: false, clip: false, tinyPreview: false }
/** Models of the list: bundled, downloaded, added, and one with a problem. */
export const MODELS: readonly ModelRow[] = [
  { id: 'starter', name: 'Papercut starter', source: 'bundled', kind: 'text-to-image', family: 'sd1', size: 256, bytes: 22_800_000, licence: 'MIT', vocabulary: VOCABULARY, can: { describe: true, clip: true, tinyPreview: true }, problem: null },
  { id: 'starter-inpaint', name: 'Papercut starter, filling', source: 'bundled', kind: 'inpaint', family: 'sd1', size: 256, bytes: 11_400_000, licence: 'MIT', vocabulary: VOCABULARY, can, problem: null },
  { id: 'sd15', name: 'Stable Diffusion 1.5', source: 'downloaded', kind: 'text-to-image', family: 'sd1', size: 512, bytes: 2_740_000_000, licence: 'CreativeML Open RAIL-M', vocabulary: null, can: { ...can, tinyPreview: true }, problem: null },
  { id: 'mine', name: 'film-grain-v3.safetensors', source: 'added', kind: null, family: null, size: null, bytes: 2_100_000_000, licence: null, vocabulary: null, can, problem: 'film-grain-v3.safetensors was on the disk "Photos", which is not connected. Connect it, or take the model off the list.' },
]

const licence = { id: 'creativeml-openrail-m', name: 'CreativeML Open RAIL-M', text: 'Section I: PREAMBLE\n\nMultimodal generative models are being widely adopted and used.\n\n'.repeat(12), url: 'https://huggingface.co/spaces/CompVis/stable-diffusion-license' }
/** The catalogue. */
export const CATALOGUE: readonly CatalogueEntry[] = [
  { id: 'stable-diffusion-1.5', name: 'Stable Diffusion 1.5', about: 'Draws and restyles photographs and paintings at 512 pixels; the model most others are made from.', kind: 'text-to-image', repository: 'a/b', bytes: 2_740_000_000, licence, installed: true },
  { id: 'stable-diffusion-1.5-inpainting', name: 'Stable Diffusion 1.5 inpainting', about: 'Fills a masked part of a photograph at 512 pixels; made for Fill and Expand.', kind: 'inpaint', repository: 'a/c', bytes: 0, licence, installed: false },
]

/** Downloads left over from the last session: one running, one that failed. */
export const DOWNLOADS: readonly Download[] = [
  { download: 'dwn_aaaaaaaaaaaaaaaaaaaa', name: 'Stable Diffusion 2.1', state: 'running', received: 1_210_000_000, total: 2_600_000_000, bytesPerSecond: 11_400_000, etaSeconds: 122, error: null, model: null },
  { download: 'dwn_bbbbbbbbbbbbbbbbbbbb', name: 'someone/tiny-paint', state: 'failed', received: 40_000_000, total: 812_000_000, bytesPerSecond: null, etaSeconds: null, error: { code: 'download/cut', message: 'The connection to huggingface.co was cut 5 times in a row; 40 MB of 812 MB are kept. Try again when the network is back.', exitCode: 1, details: {} }, model: null },
]
