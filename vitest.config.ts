import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that wait for an engine take longest: started last, they would be waited for alone. */
class EnginesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const isEngine = ({ moduleId }: TestSpecification) => moduleId.endsWith('.engine.test.ts');
    return [...sorted.filter(isEngine), ...sorted.filter((file) => !isEngine(file))];
  }
}

/** Every package’s own: each has a file of this name that leads here. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts'],
    // Each file has folders, ports and engines of its own.
    maxWorkers: '100%',
    sequence: { sequencer: EnginesFirst },
    reporters: ['default', ['json', { outputFile: '.report/vitest.json' }]],
    // A file whose engine is not on this machine has no test, and says why; what CI must have throws there.
    passWithNoTests: true,
    // What hangs has to end some time; how long a test that works takes is for the machine to say, and some are slow.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    expect: { poll: { timeout: 60_000 } },
  },
});
