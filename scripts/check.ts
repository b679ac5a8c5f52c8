// Everything that must hold before a change lands: lint and format, types, docs, packed packages, tests.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const bin = (name: string, file: string) => join(root, 'node_modules', name, 'bin', file);

const withoutTests = process.argv.includes('--without-tests');
const steps: readonly [string, readonly string[]][] = [
  ['lint', [bin('@biomejs/biome', 'biome'), 'check', '.']],
  ['types', [bin('turbo', 'turbo'), 'run', 'types', '--output-logs=errors-only']],
  ['docs', [join(root, 'scripts', 'check-docs.ts')]],
  ['packages', [join(root, 'scripts', 'check-packages.ts')]],
  ...(withoutTests ? [] : [['tests', [join(root, 'scripts', 'test.ts')]] as [string, string[]]]),
];

for (const [name, command] of steps) {
  console.log(`\n== ${name}`);
  const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    console.error(`${name} failed`);
    process.exit(1);
  }
}
