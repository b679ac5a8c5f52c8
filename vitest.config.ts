import { defineConfig } from 'vitest/config';

/** Every package’s own: each has a file of this name that leads here. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    reporters: ['default', ['json', { outputFile: '.report/vitest.json' }]],
    // A file whose engine is not on this machine has no test, and says why; what CI must have throws there.
    passWithNoTests: true,
    // What hangs has to end some time; how long a test that works takes is for the machine to say, and some are slow.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
