import { afterEach, describe, expect, test } from 'vitest'
import { en } from '../../../../renderer/strings/en.ts'
import { setLanguage, t } from '../../../../renderer/strings/t.ts'

afterEach(() => setLanguage('en', {}))

describe('the catalogue', () => {
  test('fills in parameters; counts choose the plural form and are written with separators, sizes are not', () => {
    expect(t('history.count', { n: 1 })).toBe('1 step')
    expect(t('history.count', { n: 12_000 })).toBe('12,000 steps')
    expect(t('document.export.size', { width: 4000, height: 3000 })).toBe('4000 × 3000 px')
  })

  test('a translation has as many forms as its language; what it lacks stays English', () => {
    setLanguage('pl', { 'history.count': '{n} krok|{n} kroki|{n} kroków' })
    expect([1, 3, 5].map((n) => t('history.count', { n }))).toEqual(['1 krok', '3 kroki', '5 kroków'])
    expect(t('common.cancel')).toBe('Cancel')
  })

  test('plural forms name the same parameters, and no text is empty', () => {
    for (const [key, text] of Object.entries(en)) {
      expect(text.trim(), key).not.toBe('')
      const names = text.split('|').map((form) => [...form.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).toSorted().join())
      if (text.includes('{n}')) expect(new Set(names).size, key).toBe(1)
    }
  })
})
