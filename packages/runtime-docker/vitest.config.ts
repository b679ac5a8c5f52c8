import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // A file whose engine is not on this machine has none, and says why; what CI must have throws there.
    passWithNoTests: true,
    include: ['src/**/*.test.ts'],
    reporters: ['default', ['json', { outputFile: '.report/vitest.json' }]],
  },
});
