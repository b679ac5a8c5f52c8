import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { release } from '../../test/src/world.ts';
import { atMost, milliseconds, type Row, type Table } from './figures.ts';
import { interleave, samplesOf } from './interleave.ts';
import { bareNode, createMachine, type Machine } from './machine.ts';
import { isPodmanHere, podmanEngine, podmanWords } from './podman-engine.ts';
import { type Command, runCommand } from './run-command.ts';

const ROUNDS = 15;

/** What somebody waits for before each run of the image. */
export async function measureVerifyLocal(): Promise<Table> {
  const rows = [...(await onLayout()), ...(isPodmanHere ? await onPodman() : [NO_PODMAN])];
  return {
    title: '`verify-local`',
    meaning: [
      'A whole command over `node -e 0`: the stored signature, manifests and config verified again, without a network.',
      'With Podman: what is left when the time of Podman’s own answers, run alone in the same round, is taken off.',
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
  const ratio = samples.ours.over(samples.bare);
  return [
    { job: 'node -e 0', ratio: 1, measured: milliseconds(samples.bare.median) },
    { job: 'on oci-layout', ratio, measured: milliseconds(samples.ours.median), target: atMost(3.5, ratio) },
  ];
}

async function onPodman(): Promise<Row[]> {
  await using machine = await install(podmanEngine);
  const { layout } = machine.world;
  const calls = await listCalls(machine);
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
  const rest = samplesOf(ours.values.map((value, round) => value - (answers.values[round] ?? 0)));
  const ratio = rest.over(bare);
  return [
    { job: 'podman images --format json', ratio: images.over(bare), measured: milliseconds(images.median) },
    {
      job: `its answers to us: ${calls.join(', ')}`,
      ratio: answers.over(bare),
      measured: milliseconds(answers.median),
    },
    { job: 'on Podman', ratio: ours.over(bare), measured: milliseconds(ours.median) },
    { job: 'on Podman, beside its answers', ratio, measured: milliseconds(rest.median), target: atMost(3.5, ratio) },
  ];
}

async function install(engine?: Parameters<typeof createMachine>[1]): Promise<Machine> {
  const machine = await createMachine({}, engine);
  machine.world.publish(release(1));
  await runCommand(machine.verb('upgrade'));
  return machine;
}

/** Which answers one `verify-local` asks Podman for: seen by a program in its place that writes them down. */
async function listCalls(machine: Machine): Promise<string[]> {
  const { folder, layout } = machine.world;
  const [log, program] = [join(folder, 'calls'), join(folder, 'podman')];
  const real = podmanWords(layout)[0];
  const script = `#!/bin/sh\nfor word do case $word in -*) ;; *) echo "$word" >> '${log}'; break;; esac; done\nexec ${real} "$@"\n`;
  await writeFile(program, script, { mode: 0o755 });
  await runCommand(machine.verb('verify-local', '--runtime-option', `command=${program}`));
  return (await readFile(log, 'utf8')).trim().split('\n');
}
