import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Row } from './figures.ts';
import type { Machine } from './machine.ts';
import type { Command } from './run-command.ts';

/** Other programs that do a part of the work; scripts/get-peers.sh says how to get them. */
export const peers = ['cosign', 'crane', 'regctl', 'skopeo'] as const;
export type Peer = (typeof peers)[number];

/** The program that `BENCH_COSIGN` and its like name, else the one in PATH. */
function findPeer(peer: Peer): string | undefined {
  const named = process.env[`BENCH_${peer.toUpperCase()}`];
  if (named) return named;
  const folders = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  return folders.map((folder) => join(folder, peer)).find(isProgram);
}

const NOT_INSTALLED = 'not installed, see scripts/get-peers.sh';

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** A job as each peer spells it; a peer that cannot do it is left out. */
export type PeerJob = Partial<Readonly<Record<Peer, (machine: Machine) => readonly string[]>>>;

export const sayVersion: PeerJob = {
  cosign: () => ['version'],
  crane: () => ['version'],
  regctl: () => ['version'],
  skopeo: () => ['--version'],
};

const http = ({ world }: Machine) => ['--host', `reg=${world.registry.host},tls=disabled`];

/** Which digest does the tag have now? Cosign verifies as well: it has no smaller question. */
export const lookUpTag: PeerJob = {
  cosign: ({ world }) => [
    'verify',
    '--new-bundle-format=false',
    '--allow-http-registry',
    '--key',
    join(world.folder, 'cosign.pub'),
    world.image,
  ],
  crane: ({ world }) => ['digest', '--insecure', world.image],
  regctl: (machine) => [...http(machine), 'image', 'digest', machine.world.image],
  skopeo: ({ world }) => ['inspect', '--tls-verify=false', '--raw', `docker://${world.image}`],
};

/** One stored signature of a payload, both in files; without its log entry, which cosign wants in a bundle for this. */
export const verifyStored: PeerJob = {
  cosign: ({ world }) => [
    'verify-blob',
    '--new-bundle-format=false',
    '--insecure-ignore-tlog',
    '--key',
    join(world.folder, 'cosign.pub'),
    '--signature',
    join(world.folder, 'signature'),
    join(world.folder, 'payload'),
  ],
};

/** The image of this platform into a folder, hashed but not verified. */
export const copyImage: PeerJob = {
  crane: ({ world }) => ['pull', '--insecure', '--platform', PLATFORM, '--format', 'oci', world.image, target(world)],
  regctl: (machine) => {
    const { world } = machine;
    return [...http(machine), 'image', 'copy', '--platform', PLATFORM, world.image, `ocidir://${target(world)}`];
  },
  skopeo: ({ world }) => [
    '--insecure-policy',
    'copy',
    '--src-tls-verify=false',
    `docker://${world.image}`,
    `oci:${target(world)}:latest`,
  ],
};

/** The image of this platform into one file. */
export const archiveImage: PeerJob = {
  crane: ({ world }) => [
    'pull',
    '--insecure',
    '--platform',
    PLATFORM,
    '--format',
    'tarball',
    world.image,
    target(world),
  ],
  skopeo: ({ world }) => [
    '--insecure-policy',
    'copy',
    '--src-tls-verify=false',
    `docker://${world.image}`,
    `oci-archive:${target(world)}:latest`,
  ],
};

const PLATFORM = `linux/${process.arch === 'x64' ? 'amd64' : process.arch}`;
const target = ({ folder }: Machine['world']) => join(folder, 'copy');

/** A row for each peer that can do a job: measured, or not here, or failed, which the bench's exit code tells too. */
export async function measurePeers(job: PeerJob, measure: (peer: Peer) => Promise<Row>): Promise<Row[]> {
  const rows: Row[] = [];
  for (const peer of peers.filter((able) => job[able] !== undefined)) {
    const isHere = findPeer(peer) !== undefined;
    rows.push(
      isHere ? await measure(peer).catch((error) => failedRow(peer, error)) : { job: peer, measured: NOT_INSTALLED },
    );
  }
  return rows;
}

function failedRow(peer: Peer, error: unknown): Row {
  console.error(error);
  process.exitCode = 1;
  return { job: peer, measured: 'did not run, see above' };
}

export function peerCommand(peer: Peer, job: PeerJob, machine: Machine): Command {
  const command = machine.command(findPeer(peer) ?? peer, ...(job[peer]?.(machine) ?? []));
  // The test log's key in place of the public one: else cosign would ask the public infrastructure.
  return { ...command, env: { ...command.env, SIGSTORE_REKOR_PUBLIC_KEY: join(machine.world.folder, 'rekor.pub') } };
}
