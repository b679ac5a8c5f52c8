import { release } from '../../test/src/world.ts';
import { atMost, type Table } from './figures.ts';
import { describeTimes, interleave } from './interleave.ts';
import { bareNode, createMachine } from './machine.ts';
import { measurePeers, peerCommand, sayVersion } from './peers.ts';
import { runCommand } from './run-command.ts';

const ROUNDS = 11;

/** How long the command line takes to be there at all. */
export async function measureStartUp(): Promise<Table> {
  await using machine = await createMachine();
  machine.world.publish(release(1));
  await runCommand(machine.verb('upgrade'));
  const commands = {
    'node -e 0': bareNode(machine),
    '--version': machine.cli('--version'),
    'verify-local --help': machine.cli('verify-local', '--help'),
    status: machine.verb('status'),
  };
  const jobs = Object.entries(commands).map(([name, command]) => [name, async () => (await runCommand(command)).ms]);
  const samples = await interleave<keyof typeof commands>(Object.fromEntries(jobs), ROUNDS);
  const bare = samples['node -e 0'];
  return {
    title: 'Start-up',
    meaning: [
      'A whole process from start to end, over `node -e 0` of the same Node: 1.00× would be a tool that does nothing.',
      '`status` also verifies the installed image (oci-layout), which loads the verification and reads the state.',
    ],
    rows: [
      ...Object.entries(samples).map(([job, sample]) => {
        const ratio = sample.least / bare.least;
        const target = job === '--version' || job === 'verify-local --help' ? { target: atMost(3, ratio) } : {};
        return { job, ratio, measured: describeTimes(sample), ...target };
      }),
      ...(await measurePeers(sayVersion, async (peer) => {
        const command = peerCommand(peer, sayVersion, machine);
        const { own } = await interleave({ own: async () => (await runCommand(command)).ms }, ROUNDS);
        return { job: `${peer}: its version`, ratio: own.least / bare.least, measured: describeTimes(own) };
      })),
    ],
  };
}
