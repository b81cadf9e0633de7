/** Names of the topics that commands are grouped by. */
import { t } from '../../strings/t.ts'

const NAMES = {
  file: 'keys.topic.file', edit: 'keys.topic.edit', tool: 'keys.topic.tool', brush: 'keys.topic.brush', mask: 'keys.topic.mask', layer: 'keys.topic.layer', canvas: 'keys.topic.canvas', image: 'keys.topic.image',
  run: 'keys.topic.run', intent: 'keys.topic.run', job: 'keys.topic.run', staging: 'keys.topic.staging', view: 'keys.topic.view', window: 'keys.topic.window', engine: 'keys.topic.engine', help: 'keys.topic.help',
} as const

/** A topic's name; topics that are not known are "Other". */
export function topicName(topic: string): string {
  return t(Object.hasOwn(NAMES, topic) ? NAMES[topic as keyof typeof NAMES] : 'keys.topic.other') // hasOwn has looked
}
