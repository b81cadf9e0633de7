/** diffusers' ResnetBlock2D. */
import type { GraphBuilder } from '../../graph/builder.ts'
import type { Value } from '../../graph/graph.ts'
import type { ResnetPlan } from '../unetPlan.ts'
import { activate, conv2d, groupNorm, hasModule, linear } from './modules.ts'

/**
 * norm1, act, conv1, + time, norm2, act, conv2, + shortcut. x [B,C,H,W] -> [B,C',H,W].
 * @param time the activated time embedding [B,T], or null (VAE)
 * @param scale the sum is divided by it (output_scale_factor)
 * @param change may replace the result before the shortcut is added; gets the module path
 */
export function resnetBlock(b: GraphBuilder, name: string, x: Value, time: Value | null, plan: ResnetPlan, scale = 1, change?: (name: string, hidden: Value) => Value): Value {
  const module = b.path(name)
  return b.scope(name, () => {
    const norm = { groups: plan.groups, epsilon: plan.epsilon, activation: plan.activation }
    let hidden = conv2d(b, 'conv1', groupNorm(b, 'norm1', x, norm), { padding: 1 })
    const channels = hidden.dims[1]!
    if (time && plan.timeScaleShift === 'scale_shift') {
      const both = linear(b, 'time_emb_proj', time) // [B, 2C']
      const [timeScale, timeShift] = b.split(b.reshape(both, [both.dims[0]!, both.dims[1]!, 1, 1]), 1, 2) as [Value, Value]
      const normal = b.scope('norm2', () => b.groupNorm(hidden, b.parameter('weight'), b.parameter('bias'), { groups: plan.groups, epsilon: plan.epsilon }))
      hidden = activate(b, plan.activation, b.add(b.mul(normal, b.add(timeScale, 1)), timeShift))
    } else {
      if (time) hidden = b.add(hidden, b.reshape(linear(b, 'time_emb_proj', time), [time.dims[0]!, channels, 1, 1]))
      hidden = groupNorm(b, 'norm2', hidden, norm)
    }
    hidden = conv2d(b, 'conv2', hidden, { padding: 1 })
    if (change) hidden = change(module, hidden)
    const shortcut = hasModule(b, 'conv_shortcut') ? conv2d(b, 'conv_shortcut', x) : x
    const sum = b.add(shortcut, hidden)
    return scale === 1 ? sum : b.div(sum, scale) // [B,C',H,W]
  })
}
