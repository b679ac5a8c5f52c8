// Runs the tests of every package and ends with one line that sums them up, so that a run without tests shows.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const packages = [
  ...readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name)),
  join(root, 'examples', 'runtime-nerdctl'),
  join(root, 'test'),
];
const reports = packages.map((folder) => join(folder, '.report', 'vitest.json'));
for (const report of reports) rmSync(report, { force: true });

const turbo = join(root, 'node_modules', 'turbo', 'bin', 'turbo');
const args = [
  'run',
  'test',
  '--continue=always',
  '--concurrency=1',
  '--output-logs=full',
  '--log-prefix=none',
  ...process.argv.slice(2),
];
const { status } = spawnSync(process.execPath, [turbo, ...args], { cwd: root, stdio: 'inherit' });

const sums = { passed: 0, failed: 0, skipped: 0 };
const missing = reports.filter((report) => !existsSync(report));
for (const report of missing) console.error(`no report: ${report}`);
for (const report of reports.filter((report) => existsSync(report))) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'));
  sums.passed += numPassedTests;
  sums.failed += numFailedTests;
  sums.skipped += numPendingTests + numTodoTests;
}
console.log(`\n${sums.passed} passed, ${sums.failed} failed, ${sums.skipped} skipped`);
process.exitCode = status !== 0 || missing.length > 0 || sums.failed > 0 || sums.passed === 0 ? 1 : 0;
