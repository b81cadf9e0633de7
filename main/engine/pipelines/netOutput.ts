/** Outputs of a net by their names. */
import { failed } from '../errors.ts'
import type { Tensor } from '../tensor/tensor.ts'

/** One output of a run. @throws EngineError run/output when the net gave none of that name */
export function output(results: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const result = results[name]
  if (result) return result
  throw failed('run/output', `The net gave no output named ${name}; please report it.`)
}
