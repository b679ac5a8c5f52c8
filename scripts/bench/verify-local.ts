import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { release } from '../../test/src/world.ts';
import { atMost, milliseconds, type Row, type Table } from './figures.ts';
import { describeTimes, interleave } from './interleave.ts';
import { bareNode, createMachine, type Machine } from './machine.ts';
import { measurePeers, peerCommand, verifyStored } from './peers.ts';
import { isPodmanHere, listPodmanCalls, podmanEngine, podmanWords } from './podman-engine.ts';
import { type Command, runCommand } from './run-command.ts';

const ROUNDS = 11;

/** What somebody waits for before each run of the image. */
export async function measureVerifyLocal(): Promise<Table> {
  const rows = [...(await onLayout()), ...(isPodmanHere ? await onPodman() : [NO_PODMAN])];
  return {
    title: '`verify-local`',
    meaning: [
      'A whole command over `node -e 0`: the stored signature, manifests and config verified again, without a network.',
      'With Podman: what is left when the time of Podman’s own answers, asked for by themselves, is taken off.',
    ],
    rows,
  };
}

const NO_PODMAN: Row = { job: 'on Podman', measured: 'no Podman answers here' };
const time = async (command: Command): Promise<number> => (await runCommand(command)).ms;

async function onLayout(): Promise<Row[]> {
  await using machine = await install();
  const samples = await interleave(
    { bare: () => time(bareNode(machine)), ours: () => time(machine.verb('verify-local')) },
    ROUNDS,
  );
  const { payload, signature } = machine.world.signer.sign({ digest: release(1).digest });
  await writeFile(join(machine.world.folder, 'payload'), payload);
  await writeFile(join(machine.world.folder, 'signature'), signature);
  const peers = await measurePeers(verifyStored, async (peer) => {
    const { own } = await interleave({ own: () => time(peerCommand(peer, verifyStored, machine)) }, ROUNDS);
    const job = `${peer}: a signature in a file, no log entry`;
    return { job, ratio: own.least / samples.bare.least, measured: describeTimes(own) };
  });
  const ratio = samples.ours.least / samples.bare.least;
  return [
    { job: 'node -e 0', ratio: 1, measured: describeTimes(samples.bare) },
    { job: 'on oci-layout', ratio, measured: describeTimes(samples.ours), target: atMost(3.5, ratio) },
    ...peers,
  ];
}

async function onPodman(): Promise<Row[]> {
  await using machine = await install(podmanEngine);
  const { layout } = machine.world;
  const calls = await listPodmanCalls(machine, 'verify-local');
  const podman = (verb: string) => time(machine.command(...podmanWords(layout), verb, '--format', 'json'));
  const samples = await interleave(
    {
      bare: () => time(bareNode(machine)),
      images: () => podman('images'),
      answers: async () => {
        let sum = 0;
        for (const verb of calls) sum += await podman(verb);
        return sum;
      },
      ours: () => time(machine.verb('verify-local')),
    },
    ROUNDS,
  );
  const { bare, images, answers, ours } = samples;
  const rest = ours.least - answers.least;
  const ratio = rest / bare.least;
  return [
    { job: 'podman images --format json', ratio: images.least / bare.least, measured: describeTimes(images) },
    {
      job: `its answers to us: ${calls.join(', ')}`,
      ratio: answers.least / bare.least,
      measured: describeTimes(answers),
    },
    { job: 'on Podman', ratio: ours.least / bare.least, measured: describeTimes(ours) },
    { job: 'on Podman, beside its answers', ratio, measured: milliseconds(rest), target: atMost(3.5, ratio) },
  ];
}

async function install(engine?: Parameters<typeof createMachine>[1]): Promise<Machine> {
  const machine = await createMachine({}, engine);
  machine.world.publish(release(1));
  await runCommand(machine.verb('upgrade'));
  return machine;
}
