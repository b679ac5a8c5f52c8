// Packed packages must be ones that others can use: publint on the metadata and files, "are the types wrong" on the types.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { packPackage, publishedFolders } from './pack-package.ts';

/** All are ES modules alone, by intent: who resolves as Node 10 did, or by `require` without ESM, is not served. */
const NOT_SERVED = ['node10', 'node16-cjs'];

async function problemsOf(tarball: Uint8Array<ArrayBuffer>): Promise<string[]> {
  const { messages, pkg } = await publint({
    pack: { tarball: tarball.slice().buffer },
    strict: true,
    level: 'suggestion',
  });
  const wrong = messages.map((message) => `publint: ${formatMessage(message, pkg) ?? message.code}`);
  if (pkg.exports === undefined) return wrong; // a program: there is nothing to import
  const analysis = await checkPackage(createPackageFromTarballData(tarball));
  if (!analysis.types) return [...wrong, 'attw: has no types'];
  const problems = analysis.problems.filter(
    (problem) => !('resolutionKind' in problem && NOT_SERVED.includes(problem.resolutionKind)),
  );
  return [...wrong, ...problems.map((problem) => `attw: ${JSON.stringify(problem)}`)];
}

const destination = mkdtempSync(join(tmpdir(), 'dangerzone-image-packed-'));
try {
  for (const folder of publishedFolders()) {
    const tarball = new Uint8Array(readFileSync(await packPackage(folder, destination)));
    const problems = await problemsOf(tarball);
    for (const problem of problems) console.error(`${basename(folder)}: ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
    else console.log(`${basename(folder)}: ${tarball.length} bytes packed, no problems`);
  }
} finally {
  rmSync(destination, { recursive: true });
}
