/**
 * Every sentence of the window comes from one catalogue. `t('layers.count', { n: 3 })` is typed: the key must exist and
 * the parameters are those between braces in its text. A text with a bar has plural forms, chosen by its `{n}`.
 */
import { en } from './en.ts'

type Names<Text extends string> = Text extends `${string}{${infer Name}}${infer Rest}` ? Name | Names<Rest> : never
type Catalogue = typeof en

/** A key of the catalogue. */
export type StringKey = keyof Catalogue
/** The keys whose texts take no parameters: what commands and panels use as titles. */
export type PlainKey = { [K in StringKey]: [Names<Catalogue[K]>] extends [never] ? K : never }[StringKey]
type Arguments<K extends StringKey> = [Names<Catalogue[K]>] extends [never] ? [] : [Readonly<Record<Names<Catalogue[K]>, string | number>>]

let catalogue: Readonly<Record<StringKey, string>> = en
let plurals = new Intl.PluralRules('en')

/**
 * Chooses another language. What a translation lacks stays English.
 * @param language BCP 47 tag, decides which plural form a number takes
 */
export function setLanguage(language: string, translation: Partial<Record<StringKey, string>>): void {
  catalogue = { ...en, ...translation }
  plurals = new Intl.PluralRules(language)
}

/** The text of a key with its parameters filled in. Counts (`n`) are written as the language writes them, sizes and seeds plain. */
export function t<K extends StringKey>(key: K, ...args: Arguments<K>): string {
  const params = (args[0] ?? {}) as Readonly<Record<string, string | number>> // the conditional type hides that it is a record
  const text = pluralForm(catalogue[key], params['n'])
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => {
    const value = params[name]
    return value === undefined ? whole : name === 'n' && typeof value === 'number' ? value.toLocaleString(plurals.resolvedOptions().locale) : String(value)
  })
}

function pluralForm(text: string, n: string | number | undefined): string {
  if (typeof n !== 'number' || !text.includes('|')) return text
  const forms = text.split('|')
  const { locale } = plurals.resolvedOptions()
  const order = PLURAL_ORDER.filter((form) => new Intl.PluralRules(locale).resolvedOptions().pluralCategories.includes(form))
  return forms[Math.max(0, Math.min(order.indexOf(plurals.select(n)), forms.length - 1))]!
}

/** the order in which a translation writes its forms */
const PLURAL_ORDER: readonly Intl.LDMLPluralRule[] = ['zero', 'one', 'two', 'few', 'many', 'other']
