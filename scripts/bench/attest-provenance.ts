import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  createTestAttester,
  githubJob,
  githubPredicate,
  publishAttestations,
} from '../../packages/core/dist/testing/index.js';
import { release } from '../../test/src/world.ts';
import { atMost, type Table } from './figures.ts';
import { describeTimes, interleave } from './interleave.ts';
import { bareNode, createMachine, type Machine } from './machine.ts';
import { type Command, runCommand } from './run-command.ts';

const ROUNDS = 11;
const TARGET_MS = 400;
const REPOSITORY = 'acme/dangerzone';

/** Where the image of an archive was built: a whole command, without a network. */
export async function measureAttestProvenance(): Promise<Table> {
  await using machine = await createMachine();
  const archive = await prepareAttested(machine);
  const attest = machine.verb('attest-provenance', '--archive', archive, '--repository', REPOSITORY);
  const time = async (command: Command): Promise<number> => (await runCommand(command)).ms;
  const { bare, ours } = await interleave({ bare: () => time(bareNode(machine)), ours: () => time(attest) }, ROUNDS);
  return {
    title: '`attest-provenance` of an archive',
    meaning: [
      'A whole command over `node -e 0`: certificate chain, log entry, statement and claims of one attestation.',
    ],
    rows: [
      { job: 'node -e 0', ratio: 1, measured: describeTimes(bare) },
      {
        job: 'attest-provenance --archive',
        ratio: ours.least / bare.least,
        measured: describeTimes(ours),
        target: atMost(TARGET_MS, ours.least, ' ms'),
      },
    ],
  };
}

/** An archive with an image that a GitHub job attested, and a profile that trusts who gave out its certificate. */
async function prepareAttested({ world, verb }: Machine): Promise<string> {
  const attester = createTestAttester();
  await writeFile(join(world.folder, 'trusted_root.json'), attester.trustedRoot, { mode: 0o600 });
  await world.writeProfile({ transparencyLog: { keys: ['rekor.pub'], trustedRoot: 'trusted_root.json' } });
  const { digest } = world.publish(release(1));
  const build = { repository: REPOSITORY };
  const statement = { predicateType: 'https://slsa.dev/provenance/v1', predicate: githubPredicate(build) };
  const attestation = attester.attest({ digest, ...statement, signer: githubJob(build) });
  publishAttestations(world.registry, 'team/sandbox', digest, [attestation]);
  const archive = join(world.folder, 'attested.tar');
  await runCommand(verb('prepare-archive', '--output', archive));
  return archive;
}
