/** What a licence of a model asks for, in our own short words; its full text is at its address and comes with the files. */

/** A licence as facts. */
export interface LicenceFacts {
  readonly id: string
  readonly name: string
  readonly url: string
}

const SHORT: Readonly<Record<string, string>> = {
  'creativeml-openrail-m':
    'You may use the model and what you make with it, also for money. You may not use it for the purposes that attachment A of the licence lists, among them breaking the law, harming or deceiving people, and giving medical or legal advice; whoever passes the model on must pass these limits on too.',
  'openrail++':
    'You may use the model and what you make with it, also for money. You may not use it for the purposes that attachment A of the licence lists, among them breaking the law, harming or deceiving people, and giving medical or legal advice; whoever passes the model on must pass these limits on too.',
  mit: 'You may use, change and pass on the model for any purpose, as long as its copyright notice stays with it.',
  'apache-2.0': 'You may use, change and pass on the model for any purpose, as long as its notices stay with it and changes are marked.',
}

/** The terms in short with the address of the full text, for a person to accept. */
export function licenceText(licence: LicenceFacts): string {
  const short = SHORT[licence.id] ?? 'Read the terms at the address below before you accept: they were chosen by whoever published the model.'
  return `${licence.name}. ${short}\nThe full text, which alone counts: ${licence.url || 'the page of the repository'}`
}
