/** English: the catalogue that every other language is measured by. One file a topic, keys begin with the topic. */
import { commandStrings } from './en/commands.ts'
import { documentStrings } from './en/document.ts'
import { editStrings } from './en/edit.ts'
import { historyStrings } from './en/history.ts'
import { layerStrings } from './en/layers.ts'
import { shellStrings } from './en/shell.ts'
import { stagingStrings } from './en/staging.ts'
import { wordStrings } from './en/words.ts'
import { modelStrings } from './en/models.ts'
import { batchStrings } from './en/batch.ts'
import { settingStrings } from './en/settings.ts'
import { welcomeStrings } from './en/welcome.ts'

/** Key to text. `{name}` is a parameter; a bar separates plural forms chosen by `{n}`. */
export const en = {
  ...shellStrings,
  ...commandStrings,
  ...editStrings,
  ...layerStrings,
  ...historyStrings,
  ...stagingStrings,
  ...documentStrings,
  ...wordStrings,
  ...modelStrings,
  ...batchStrings,
  ...settingStrings,
  ...welcomeStrings,
} as const
