/** XMP packets: the recipe as one property of its own name space, beside whatever the picture already says. */
import { parseRecipe, serialiseRecipe, RECIPE_KEYWORD, type Recipe } from './recipe.ts'

/** Name space of our property; a name, not an address to fetch. */
export const RECIPE_NAMESPACE = 'https://palimpsest.invalid/ns/1.0/'

const OURS = new RegExp(`<rdf:Description\\b[^>]*xmlns:${RECIPE_KEYWORD}="[^"]*"[^>]*>\\s*<${RECIPE_KEYWORD}:recipe>[^<]*</${RECIPE_KEYWORD}:recipe>\\s*</rdf:Description>\\s*`, 'g')
const RECIPE_TEXT = new RegExp(`<${RECIPE_KEYWORD}:recipe>([^<]*)</${RECIPE_KEYWORD}:recipe>`)

/** What {@link buildXmp} made. */
export interface BuiltXmp {
  /** the packet, or null when there is nothing to say */
  readonly packet: Buffer | null
  /** true when the picture's own packet could not be carried along */
  readonly sourceLost: boolean
}

/**
 * The packet of a result: the source's own with its orientation reset, any older recipe taken out, and the
 * new one put in. A source packet without the usual `rdf:RDF` element is replaced.
 */
export function buildXmp(source: Uint8Array | undefined, recipe: Recipe | undefined): BuiltXmp {
  const description = recipe
    ? `<rdf:Description rdf:about="" xmlns:${RECIPE_KEYWORD}="${RECIPE_NAMESPACE}"><${RECIPE_KEYWORD}:recipe>${escapeXml(serialiseRecipe(recipe))}</${RECIPE_KEYWORD}:recipe></rdf:Description>`
    : ''
  if (source) {
    const text = resetOrientation(Buffer.from(source).toString('utf8').replace(OURS, ''))
    const end = text.lastIndexOf('</rdf:RDF>')
    if (end >= 0) return { packet: Buffer.from(text.slice(0, end) + description + text.slice(end), 'utf8'), sourceLost: false }
    if (!recipe) return { packet: Buffer.from(text, 'utf8'), sourceLost: false }
  }
  if (!recipe) return { packet: null, sourceLost: false }
  const packet =
    '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">' +
    `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">${description}</rdf:RDF></x:xmpmeta><?xpacket end="w"?>`
  return { packet: Buffer.from(packet, 'utf8'), sourceLost: source !== undefined }
}

/** The recipe inside a packet, or null. */
export function recipeOfXmp(packet: Uint8Array): Recipe | null {
  const match = RECIPE_TEXT.exec(Buffer.from(packet).toString('utf8'))
  return match?.[1] === undefined ? null : parseRecipe(unescapeXml(match[1]))
}

function resetOrientation(text: string): string {
  return text.replace(/tiff:Orientation="[2-8]"/g, 'tiff:Orientation="1"').replace(/<tiff:Orientation>\s*[2-8]\s*<\/tiff:Orientation>/g, '<tiff:Orientation>1</tiff:Orientation>')
}

function escapeXml(text: string): string {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
}

function unescapeXml(text: string): string {
  const named: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  return text.replace(/&(amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});/g, (whole, name: string) => {
    if (!name.startsWith('#')) return named[name] ?? whole
    const code = name.startsWith('#x') ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10)
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole
  })
}
