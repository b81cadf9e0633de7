/** Licences of what is shipped. A new one is a decision, not an edit. */

const ALLOWED = new Set(['MIT', 'MIT-0', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0', 'CC0-1.0', 'Unlicense', 'BlueOak-1.0.0', 'Zlib'])

/** Shared libraries that stay files of their own, which their licence asks for: a person can replace them. */
const REPLACEABLE = { licence: 'LGPL-3.0-or-later', packages: /^@img\/sharp-(libvips-[\w-]+|win32-\w+)$/ }

/** Whether a package may be shipped under its licence, an SPDX expression of names joined by AND, or by OR. */
export function allowedLicence({ name, licence }: { readonly name: string; readonly licence: string }): boolean {
  const parts = licence.replace(/^\(|\)$/g, '')
  if (/[()]/.test(parts) || (/ OR /.test(parts) && / AND /.test(parts))) return false // nothing we use; read it before it is allowed
  const allowed = (id: string): boolean => ALLOWED.has(id) || (id === REPLACEABLE.licence && REPLACEABLE.packages.test(name))
  return parts.includes(' OR ') ? parts.split(' OR ').some(allowed) : parts.split(' AND ').every(allowed)
}
