// `npm run build:binary [-- FOLDER]`: one executable for this platform, with the CLI, its adapters and Node inside.
// Beside it: the licences of all that is in it, and the sums of both. Two builds of one tree give the same bytes.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bundleSingleFile } from './single-file/bundle-single-file.ts';

const root = join(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'packages', 'cli', 'package.json'), 'utf8'));

const folder = resolve(process.argv[2] ?? join(root, 'dist'));
const name = `dangerzone-image-${version}-${process.platform}-${process.arch}`;
const executable = process.platform === 'win32' ? `${name}.exe` : name;
const notices = `${name}.THIRD-PARTY-NOTICES.txt`;

/** The script in a copy of the Node that runs this. Its name stands in stacks, so it is the same wherever it is built. */
function makeExecutable(code: string): void {
  const work = mkdtempSync(join(tmpdir(), 'dangerzone-image-binary-'));
  const config = {
    main: 'main.cjs',
    output: join(folder, executable),
    disableExperimentalSEAWarning: true,
    useCodeCache: true, // without it, two fifths of a start are compiling
    execArgv: ['--semi-space-growth-factor=1'], // as the package sets it, for the same reason
    // Whoever starts it need not know that it is Node: NODE_OPTIONS is meant for other programs, and can name code.
    execArgvExtension: 'none',
  };
  try {
    writeFileSync(join(work, config.main), code);
    writeFileSync(join(work, 'sea-config.json'), JSON.stringify(config));
    // Else V8's tables, and so the cached code, are in another order each time. It is no option of the executable's.
    run(process.execPath, ['--random-seed=1', '--build-sea', 'sea-config.json'], work);
  } finally {
    rmSync(work, { recursive: true });
  }
  // An ARM Mac runs nothing unsigned. This signature names nobody.
  if (process.platform === 'darwin') run('codesign', ['--force', '--sign', '-', config.output], folder);
}

function run(command: string, args: readonly string[], cwd: string): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${stdout}${stderr}`, { cause: error });
}

/** As `sha256sum` prints it. */
async function sumOf(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(join(folder, file)), hash);
  return `${hash.digest('hex')}  ${file}\n`;
}

mkdirSync(folder, { recursive: true });
const { code, thirdParty } = await bundleSingleFile(root);
makeExecutable(code);
writeFileSync(join(folder, notices), thirdParty);
const sums = (await Promise.all([executable, notices].map(sumOf))).join('');
writeFileSync(join(folder, 'SHA256SUMS'), sums);
process.stdout.write(sums);
