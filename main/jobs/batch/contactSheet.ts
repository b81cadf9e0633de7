/** The contact sheet of a batch: one HTML page with every picture before and after, without scripts. */
import path from 'node:path'
import { type BatchSummary, type ItemView, countsInWords, stateInWords } from './summary.ts'

const STYLE = `
:root { color-scheme: light dark; font: 14px/1.45 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 100rem; padding: 0 1.5rem; }
h1 { font-size: 1.25rem; margin: 0; } p { margin: .25rem 0 1.5rem; opacity: .75; }
ul { display: grid; grid-template-columns: repeat(auto-fill, minmax(24rem, 1fr)); gap: 1rem; list-style: none; margin: 0; padding: 0; }
li { border: 1px solid color-mix(in srgb, currentColor 18%, transparent); border-radius: .5rem; padding: .75rem; break-inside: avoid; }
.pair { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; }
.pair a, .pair span { aspect-ratio: 1; display: grid; place-items: center; background: color-mix(in srgb, currentColor 7%, transparent); border-radius: .25rem; overflow: hidden; }
img { width: 100%; height: 100%; object-fit: contain; }
h2 { font-size: .95rem; margin: .6rem 0 .1rem; overflow-wrap: anywhere; }
.state { font-weight: 600; } .failed, .no-mask { color: #c62828; } .review, .rejected, .skipped { color: #b26a00; }
small { display: block; opacity: .8; overflow-wrap: anywhere; }
`

/** The page. It lies in the folder of results and names every file relative to it. */
export function contactSheet(summary: BatchSummary): string {
  const { items, counts, recipe, shard, seconds } = summary
  const title = `${recipe}: ${countsInWords(counts)}`
  const part = shard === 'all' ? '' : `, part ${shard.replace('-of-', ' of ')}`
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
<h1>${escapeHtml(recipe)}</h1>
<p>${escapeHtml(`${countsInWords(counts)}${part}; ${Math.round(seconds)} s in this run.`)}</p>
<ul>
${items.map((item) => card(item, summary)).join('\n')}
</ul>
</html>
`
}

function card(item: ItemView, summary: BatchSummary): string {
  const { key, state, place, before, after, sentence, measures } = item
  const source = path.relative(summary.out, path.join(summary.in, key)).split(path.sep).join('/')
  const facts = [
    measures?.seed === undefined || measures.seed === null ? '' : `seed ${measures.seed}`,
    measures?.fidelity === undefined || measures.fidelity === null ? '' : `fidelity ${measures.fidelity.toFixed(1)} dB`,
    measures === undefined ? '' : `${measures.seconds.toFixed(1)} s`,
  ].filter((fact) => fact !== '')
  const remarks = [sentence, ...(measures?.warnings ?? [])].filter((text) => text !== undefined)
  return [
    '<li>',
    `<div class="pair">${shown(before, source, `${key} before`)}${place === undefined ? '<span>no result</span>' : shown(after, place, `${key} after`)}</div>`,
    `<h2>${escapeHtml(key)}</h2>`,
    `<span class="state ${state}">${escapeHtml(stateInWords(state))}</span>${facts.length > 0 ? ` · ${escapeHtml(facts.join(' · '))}` : ''}`,
    ...remarks.map((text) => `<small>${escapeHtml(text)}</small>`),
    '</li>',
  ].join('')
}

function shown(thumbnail: string | undefined, file: string, words: string): string {
  const picture = `<img loading="lazy" src="${escapeHtml(asUrl(thumbnail ?? file))}" alt="${escapeHtml(words)}">`
  return `<a href="${escapeHtml(asUrl(file))}">${picture}</a>`
}

/** A path as a relative address: `#`, `?` and `%` in names are letters, and a colon is no scheme. */
function asUrl(relative: string): string {
  return `./${relative.split('/').map(encodeURIComponent).join('/')}`
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}
