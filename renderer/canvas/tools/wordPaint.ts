/** Corrects a word's attention: plus where the word belongs, minus where it does not. Alt does the opposite. */
import { brushTool } from './brushTool.ts'

/** See the file's head. */
export const wordPaintTool = brushTool({
  id: 'word-paint',
  title: 'Word brush',
  order: (surface, { alt, eraser }) => {
    const plus = !eraser && (surface.options().wordSign === 'plus') !== alt
    return { tool: 'word-paint', title: plus ? 'More of the word' : 'Less of the word', brush: surface.options().brush, ink: { kind: 'word', sign: plus ? 'plus' : 'minus' } }
  },
  hints: [{ keys: 'X', does: 'plus or minus' }, { keys: 'Alt', does: 'the opposite' }],
})
