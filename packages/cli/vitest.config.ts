import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    // Most of these tests start the built program, some of them many times; a busy machine takes its time for that.
    testTimeout: 60_000,
    include: ['src/**/*.test.ts'],
    reporters: ['default', ['json', { outputFile: '.report/vitest.json' }]],
  },
});
