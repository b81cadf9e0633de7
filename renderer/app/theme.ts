/**
 * The look as tokens. Neutral greys, one accent, small type; the picture is the brightest thing on the screen. Everything
 * is in rem, so that text zoom scales the whole window. Own variables begin with `--p-`; Mantine's follow from the scales.
 */
import { ActionIcon, Button, Checkbox, type CSSVariablesResolver, Input, InputWrapper, Kbd, Menu, Modal, NumberInput, Popover, SegmentedControl, Select, Slider, Switch, Tabs, TextInput, Textarea, Tooltip, createTheme } from '@mantine/core'

/** Lengths in rem at 16 px; one place for every height the layout depends on. */
export const SIZES = { menu: 2.125, options: 2.375, tools: 2.75, status: 1.625, control: 1.625, radius: 0.3125 } as const

/**
 * The system's own interface font: no font is shipped. macOS answers to the first two names only (its San Francisco has no
 * other), Windows 11 and 10 to the next; on Linux come what desktops set their interfaces in, then what every distribution
 * has. `system-ui` is not asked for: it is a font for Chinese on Chinese Windows and DejaVu, very wide, on a bare Linux.
 */
const FONTS = '-apple-system, BlinkMacSystemFont, "Segoe UI Variable Text", "Segoe UI", "Adwaita Sans", "Inter Variable", Inter, Cantarell, Ubuntu, Roboto, "Noto Sans", "Open Sans", "Liberation Sans", Arimo, "DejaVu Sans Condensed", "DejaVu Sans", sans-serif'
const MONOSPACE = '"SF Mono", Menlo, "Cascadia Mono", "Cascadia Code", Consolas, "Adwaita Mono", "JetBrains Mono", "Ubuntu Mono", "Noto Sans Mono", "Liberation Mono", "DejaVu Sans Mono", monospace'

/** The theme given to Mantine. */
export const theme = createTheme({
  fontFamily: FONTS,
  fontFamilyMonospace: MONOSPACE,
  fontSizes: { xs: '0.75rem', sm: '0.8125rem', md: '0.8125rem', lg: '0.9375rem', xl: '1.125rem' },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.45', lg: '1.45', xl: '1.35' },
  spacing: { xs: '0.375rem', sm: '0.5rem', md: '0.75rem', lg: '1rem', xl: '1.5rem' },
  radius: { xs: '0.1875rem', sm: '0.25rem', md: `${SIZES.radius}rem`, lg: '0.5rem', xl: '0.75rem' },
  defaultRadius: 'md',
  headings: { fontWeight: '600', sizes: { h1: { fontSize: '1.25rem' }, h2: { fontSize: '0.9375rem' }, h3: { fontSize: '0.8125rem' } } },
  primaryColor: 'iris',
  primaryShade: { light: 7, dark: 7 },
  cursorType: 'pointer',
  respectReducedMotion: true,
  focusRing: 'auto',
  colors: {
    iris: ['#eef3ff', '#dbe5ff', '#bccfff', '#9ab7ff', '#79a0fb', '#5b8af4', '#4276ea', '#2f66d8', '#2556ba', '#1e4798'],
    dark: ['#dcdcde', '#bcbcc0', '#a3a3a8', '#77777d', '#424246', '#37373a', '#2f2f32', '#262628', '#1c1c1e', '#161617'],
    gray: ['#fbfbfb', '#f3f3f4', '#eaeaec', '#dedee1', '#cdcdd2', '#aeaeb5', '#85858d', '#5d5d65', '#3a3a40', '#1b1b1e'],
  },
  components: {
    Input: Input.extend({ defaultProps: { size: 'xs' }, vars: () => ({ wrapper: { '--input-height': `${SIZES.control}rem`, '--input-fz': '0.8125rem' } }) }),
    InputWrapper: InputWrapper.extend({ vars: () => ({ label: { '--input-label-size': '0.75rem' }, error: {}, description: {}, success: {} }) }),
    TextInput: TextInput.extend({ defaultProps: { size: 'xs' } }),
    NumberInput: NumberInput.extend({ defaultProps: { size: 'xs', stepHoldDelay: 350, stepHoldInterval: 60, selectAllOnFocus: true } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'xs' } }),
    Select: Select.extend({ defaultProps: { size: 'xs', checkIconPosition: 'right', allowDeselect: false, comboboxProps: { shadow: 'md' } } }),
    Button: Button.extend({ defaultProps: { size: 'xs' }, vars: () => ({ root: { '--button-height': '1.75rem', '--button-fz': '0.8125rem', '--button-padding-x': '0.75rem' } }) }),
    ActionIcon: ActionIcon.extend({ defaultProps: { variant: 'subtle', color: 'gray', size: `${SIZES.control}rem` } }),
    Slider: Slider.extend({ defaultProps: { size: 3, thumbSize: 12, label: null } }),
    Switch: Switch.extend({ defaultProps: { size: 'xs' } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: 'xs' } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs', fullWidth: true } }),
    Tabs: Tabs.extend({ defaultProps: { keepMounted: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 500, closeDelay: 0, withArrow: false, transitionProps: { duration: 80 }, events: { hover: true, focus: true, touch: false } } }),
    Menu: Menu.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 60 }, withinPortal: true, withInitialFocusPlaceholder: false } }),
    Popover: Popover.extend({ defaultProps: { shadow: 'md', transitionProps: { duration: 80 } } }),
    Modal: Modal.extend({ defaultProps: { centered: true, transitionProps: { duration: 100, transition: 'fade' }, overlayProps: { backgroundOpacity: 0.45, blur: 0 }, closeButtonProps: { 'aria-label': 'Close' } } }),
    Kbd: Kbd.extend({ defaultProps: { size: 'xs' } }),
  },
})

/** Tokens of our own. Contrast of `text`, `dim` and `accentText` on `panel` is at least 4.5 : 1 in both themes. */
export const cssVariables: CSSVariablesResolver = () => ({
  variables: { '--p-radius': `${SIZES.radius}rem`, '--p-control': `${SIZES.control}rem`, '--p-menu': `${SIZES.menu}rem`, '--p-options': `${SIZES.options}rem`, '--p-tools': `${SIZES.tools}rem`, '--p-status': `${SIZES.status}rem` },
  dark: {
    '--p-surround': '#1a1a1b', '--p-frame': '#202022', '--p-panel': '#262628', '--p-raised': '#303033', '--p-hover': '#363639', '--p-pressed': '#3d3d41', '--p-well': '#1d1d1f',
    '--p-line': '#39393c', '--p-line-soft': '#2f2f32', '--p-text': '#dcdcde', '--p-strong': '#f2f2f3', '--p-dim': '#a3a3a8', '--p-faint': '#98989e',
    '--p-accent': '#2f66d8', '--p-accent-text': '#8fb0ff', '--p-accent-soft': 'rgba(91, 138, 244, 0.2)', '--p-on-accent': '#ffffff', '--p-focus': '#79a0fb',
    '--p-good': '#6cc493', '--p-warn': '#e3b458', '--p-bad': '#f1868a', '--p-warn-soft': 'rgba(227, 180, 88, 0.13)', '--p-bad-soft': 'rgba(241, 134, 138, 0.13)', '--p-good-soft': 'rgba(108, 196, 147, 0.13)',
    '--p-checker-a': '#2a2a2c', '--p-checker-b': '#343437', '--p-shadow': '0 6px 24px rgba(0, 0, 0, 0.45), 0 1px 3px rgba(0, 0, 0, 0.4)',
    '--mantine-color-body': '#262628', '--mantine-color-text': '#dcdcde', '--mantine-color-dimmed': '#a3a3a8', '--mantine-color-placeholder': '#98989e', '--mantine-color-default': '#1d1d1f', '--mantine-color-default-hover': '#363639',
    '--mantine-color-default-color': '#dcdcde', '--mantine-color-default-border': '#3d3d41', '--mantine-color-anchor': '#8fb0ff', '--mantine-color-error': '#f1868a', '--mantine-color-gray-light-hover': '#363639',
  },
  light: {
    '--p-surround': '#c9c9cc', '--p-frame': '#e4e4e6', '--p-panel': '#f0f0f1', '--p-raised': '#fafafa', '--p-hover': '#e1e1e4', '--p-pressed': '#d5d5d9', '--p-well': '#ffffff',
    '--p-line': '#cfcfd3', '--p-line-soft': '#dddde0', '--p-text': '#252528', '--p-strong': '#111113', '--p-dim': '#5a5a61', '--p-faint': '#606067',
    '--p-accent': '#2f66d8', '--p-accent-text': '#2050b4', '--p-accent-soft': 'rgba(47, 102, 216, 0.14)', '--p-on-accent': '#ffffff', '--p-focus': '#2f66d8',
    '--p-good': '#1d7044', '--p-warn': '#80560a', '--p-bad': '#b3262e', '--p-warn-soft': 'rgba(190, 130, 20, 0.14)', '--p-bad-soft': 'rgba(200, 50, 56, 0.1)', '--p-good-soft': 'rgba(30, 130, 76, 0.11)',
    '--p-checker-a': '#d6d6d9', '--p-checker-b': '#e8e8ea', '--p-shadow': '0 6px 24px rgba(20, 20, 30, 0.18), 0 1px 3px rgba(20, 20, 30, 0.14)',
    '--mantine-color-body': '#f0f0f1', '--mantine-color-text': '#252528', '--mantine-color-dimmed': '#5a5a61', '--mantine-color-placeholder': '#65656c', '--mantine-color-default': '#ffffff', '--mantine-color-default-hover': '#e8e8ea',
    '--mantine-color-default-color': '#252528', '--mantine-color-default-border': '#c9c9ce', '--mantine-color-anchor': '#2050b4', '--mantine-color-error': '#b3262e',
  },
})
