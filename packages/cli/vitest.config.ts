import { defineConfig } from 'vitest/config';

// Most of these tests start the built program, some of them many times; a busy machine takes its time for that.
export default defineConfig({ test: { testTimeout: 60_000 } });
