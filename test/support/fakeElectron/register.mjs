/** Gives a program the module `electron` of this folder: `node --import .../register.mjs main.mjs`. */
import { registerHooks } from 'node:module'

const fake = new URL('./electron.mjs', import.meta.url).href
registerHooks({ resolve: (name, context, next) => (name === 'electron' ? { url: fake, format: 'module', shortCircuit: true } : next(name, context)) })
