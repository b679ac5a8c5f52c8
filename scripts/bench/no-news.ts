import { release } from '../../test/src/world.ts';
import { bareHead, bareHeadWithToken, headByNode } from './bare-requests.ts';
import { atMost, type Row, type Table } from './figures.ts';
import { describeTimes, interleave } from './interleave.ts';
import { createMachine, type Machine } from './machine.ts';
import { lookUpTag, measurePeers, peerCommand } from './peers.ts';
import { type Command, runCommand } from './run-command.ts';
import { createSlowLink, type SlowLink } from './slow-link.ts';

const ROUNDS = 7;
const FAR_MS = 100;
const REPOSITORY = 'team/sandbox';
const TAG = `/v2/${REPOSITORY}/manifests/latest`;

type Auth = 'none' | 'token';

/** What asking "is there news?" costs when there is none: requests, connections, time, near and far. */
export async function measureNoNews(): Promise<Table> {
  const rows: Row[] = [];
  for (const auth of ['none', 'token'] as const) {
    const link = createSlowLink();
    await using machine = await createMachine({ auth, fault: link.hook });
    machine.world.publish(release(1));
    await runCommand(machine.verb('upgrade'));
    rows.push(...(await countRequests(machine, auth)));
    for (const roundTripMs of [0, FAR_MS]) rows.push(...(await timeLookUps(machine, link, auth, roundTripMs)));
    if (auth === 'none') rows.push(...(await timePeers(machine, link)));
  }
  return {
    title: 'No news: `check` and `upgrade` when the tag still points to what is installed',
    meaning: [
      'Ratios are to one bare HEAD of the tag, sent by this process (no process to start) on a connection of its own;',
      'with a token, to the three bare requests that it takes, on one connection. "Far" is a round trip of 100 ms: each',
      'answer comes that much later, a connection’s first one twice that (TCP; no TLS, which would make our share smaller).',
      'Both verbs verify what is installed (oci-layout), and write down when they looked.',
    ],
    rows,
  };
}

async function countRequests(machine: Machine, auth: Auth): Promise<Row[]> {
  const most = auth === 'token' ? 3 : 1;
  const rows: Row[] = [];
  for (const name of ['check', 'upgrade']) {
    const { requests, connections } = await countOf(machine, machine.verb(name));
    const job = `${name}${auth === 'token' ? ', token' : ''}`;
    rows.push(
      { job: `${job}: requests`, measured: `${requests}`, target: atMost(most, requests, '') },
      { job: `${job}: connections`, measured: `${connections}`, target: atMost(1, connections, '') },
    );
  }
  return rows;
}

async function countOf({ world: { registry } }: Machine, command: Command) {
  registry.received.length = 0;
  await runCommand(command);
  const connections = new Set(registry.received.map(({ connection }) => connection)).size;
  return { requests: registry.received.length, connections };
}

async function timeLookUps(machine: Machine, link: SlowLink, auth: Auth, roundTripMs: number): Promise<Row[]> {
  const { origin } = machine.world.registry;
  const floor = auth === 'token' ? 'three bare requests' : 'one bare HEAD';
  const time = async (command: Command) => (await runCommand(command)).ms;
  link.roundTripMs = roundTripMs;
  const samples = await interleave<string>(
    {
      bare: () => (auth === 'token' ? bareHeadWithToken(origin, TAG, REPOSITORY) : bareHead(origin, TAG)),
      ...(auth === 'none' && { 'one HEAD by a bare Node': () => time(machine.command(...headByNode(origin, TAG))) }),
      check: () => time(machine.verb('check')),
      upgrade: () => time(machine.verb('upgrade')),
    },
    ROUNDS,
  );
  link.roundTripMs = 0;
  const { bare } = samples;
  const where = `${auth === 'token' ? ', token' : ''}${roundTripMs > 0 ? ', far' : ', near'}`;
  return Object.entries(samples).map(([name, sample]) => {
    // Near, there is no network to compare with: a ratio to half a millisecond says nothing.
    const ratio = roundTripMs > 0 && bare ? { ratio: sample.least / bare.least } : {};
    const isAim = roundTripMs > 0 && (name === 'check' || name === 'upgrade');
    const target = isAim && bare ? { target: atMost(1.4, sample.least / bare.least) } : {};
    return {
      job: `${name === 'bare' ? floor : name}${where}`,
      measured: describeTimes(sample),
      ...ratio,
      ...target,
    };
  });
}

/** Cosign verifies the signature too, as our look-up does with what is stored; the others only ask for the digest. */
function timePeers(machine: Machine, link: SlowLink): Promise<Row[]> {
  return measurePeers(lookUpTag, async (peer) => {
    const command = peerCommand(peer, lookUpTag, machine);
    const { requests, connections } = await countOf(machine, command);
    link.roundTripMs = FAR_MS;
    const { bare, own } = await interleave(
      { bare: () => bareHead(machine.world.registry.origin, TAG), own: async () => (await runCommand(command)).ms },
      ROUNDS,
    ).finally(() => {
      link.roundTripMs = 0;
    });
    const measured = `${describeTimes(own)}; requests: ${requests}, connections: ${connections}`;
    return { job: `${peer}, far`, ratio: own.least / bare.least, measured };
  });
}
