import { defineConfig } from 'vitest/config'

// One process per test file: onnxruntime must not be loaded twice into one process, and a crash stays in its file.
export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // processes, signals and clocks on a machine that others use too: one more try tells a slow moment from a fault
    retry: 1,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    reporters: ['default'],
  },
})
