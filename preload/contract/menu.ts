/**
 * The application menu as the window's command registry describes it: what `Bridge.setMenu` takes. Electron draws it with
 * the system's own menus; a chosen command comes back through `Bridge.onCommand`.
 */
import { z } from 'zod'

/** Items that the system itself knows how to do, in text fields above all. */
export const MENU_ROLES = ['undo', 'redo', 'cut', 'copy', 'paste', 'selectAll', 'minimize', 'zoom', 'togglefullscreen', 'close', 'quit', 'hide', 'hideOthers', 'unhide', 'services'] as const

const command = z.object({
  kind: z.literal('command'),
  /** id of the command in the registry */
  id: z.string().min(1).max(100),
  label: z.string().min(1).max(200),
  /** its first shortcut, such as "Mod+Shift+E"; shown only, the window itself listens for it */
  shortcut: z.string().max(50).optional(),
  enabled: z.boolean().default(true),
  /** set for commands that switch something */
  checked: z.boolean().optional(),
})
const separator = z.object({ kind: z.literal('separator') })
const role = z.object({ kind: z.literal('role'), role: z.enum(MENU_ROLES), label: z.string().max(200).optional() })

/** One line of a menu. */
export type MenuItem = z.input<typeof command> | z.input<typeof separator> | z.input<typeof role> | { readonly kind: 'submenu'; readonly label: string; readonly items: readonly MenuItem[] }
/** A line of a menu with defaults filled in. */
export type CheckedMenuItem = z.output<typeof command> | z.output<typeof separator> | z.output<typeof role> | { readonly kind: 'submenu'; readonly label: string; readonly items: readonly CheckedMenuItem[] }

const submenu = z.object({
  kind: z.literal('submenu'),
  label: z.string().min(1).max(200),
  get items() {
    return z.array(menuItem).max(200)
  },
})
const menuItem: z.ZodType<CheckedMenuItem, MenuItem> = z.lazy(() => z.discriminatedUnion('kind', [command, separator, role, submenu])) as z.ZodType<CheckedMenuItem, MenuItem> // the recursion hides the inner type

/** The whole menu and what else the window's frame shows. */
export const menuState = z.object({
  menus: z.array(z.object({ label: z.string().min(1).max(200), items: z.array(menuItem).max(200) })).max(20),
  /** the window's title: the document's name */
  title: z.string().max(300).optional(),
  /** shown as a dot in the close button on macOS */
  edited: z.boolean().optional(),
})
/** What `Bridge.setMenu` takes. */
export type MenuState = z.input<typeof menuState>
