/** Where the shell finds what it starts and shows: beside the packaged program, or in a checkout. */
import path from 'node:path'

/** Files and folders of one installation; all absolute. */
export interface ShellPaths {
  /** a real Node 24 binary */
  readonly node: string
  /** entry of the host */
  readonly host: string
  /** folder of the built window */
  readonly renderer: string
  readonly preload: string
  /** picture of the window's frame where the system takes it from the window */
  readonly icon: string
  /** arguments that are the program itself */
  readonly ownArguments: number
}

/** What decides where things are. */
export interface ShellPathSurroundings {
  readonly packaged: boolean
  /** `process.resourcesPath` */
  readonly resources: string
  /** folder of the bundled main process: `dist/electron` of a checkout, `electron` of the archive */
  readonly bundle: string
  readonly platform: NodeJS.Platform
  readonly arch: string
}

/** See {@link ShellPaths}. The host and its native modules lie outside the archive, where the system can load them. */
export function shellPaths({ packaged, resources, bundle, platform, arch }: ShellPathSurroundings): ShellPaths {
  const binary = platform === 'win32' ? 'node.exe' : 'node'
  const window = { renderer: path.join(bundle, '..', 'renderer'), preload: path.join(bundle, 'preload.cjs') }
  if (packaged) {
    return { ...window, icon: path.join(bundle, '..', 'icon.png'), node: path.join(resources, 'node', binary), host: path.join(resources, 'program', 'main', 'host', 'process.js'), ownArguments: 1 }
  }
  const root = path.join(bundle, '..', '..')
  const modules = `node-${platform === 'win32' ? 'win' : platform}-${arch}`
  return { ...window, icon: path.join(root, 'docs', 'icon', 'png', '256x256.png'), node: path.join(root, 'node_modules', modules, 'bin', binary), host: path.join(root, 'main', 'host', 'process.ts'), ownArguments: 2 }
}
