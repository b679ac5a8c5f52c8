import { CodedError, codeOf, printable } from '@dangerzone-image/core';
import { type DesktopSocket, desktopPrograms, desktopSockets } from './desktop-places.ts';
import type { DockerSurroundings } from './docker-surroundings.ts';
import { type Engine, openEngine } from './open-engine.ts';

/** What Docker Desktop's engine calls the system that it runs on. */
const DESKTOP = 'Docker Desktop';
/** The system's codes for "nobody listens there". */
const NOBODY = new Set<unknown>(['ENOENT', 'ECONNREFUSED']);

/** Docker Desktop's engine. One that is stopped, one that is not installed and one that fails are three answers. */
export async function openDesktop(surroundings: DockerSurroundings, open = openEngine): Promise<Engine> {
  const failures: CodedError[] = [];
  for (const socket of desktopSockets(surroundings)) {
    const answer = await ask(socket, open);
    if (!(answer instanceof Error)) return answer;
    failures.push(answer);
  }
  const broken = failures.find(({ details }) => !NOBODY.has(details.reason));
  throw broken ?? (await notRunning(surroundings));
}

async function ask({ path, isShared }: DesktopSocket, open: typeof openEngine): Promise<Engine | CodedError> {
  try {
    const engine = await open({ kind: 'socket', path });
    if (!isShared || engine.info.OperatingSystem === DESKTOP) return engine;
    // Somebody else's engine in the place that they share: as if nobody were there.
    return new CodedError('RUNTIME_UNAVAILABLE', `${printable(path)} is not Docker Desktop’s`, {
      details: { reason: 'ENOENT' },
    });
  } catch (error) {
    if (codeOf(error) === 'RUNTIME_UNAVAILABLE') return error as CodedError;
    throw error;
  }
}

async function notRunning(surroundings: DockerSurroundings): Promise<CodedError> {
  for (const program of desktopPrograms(surroundings)) {
    if (await surroundings.exists(program))
      return new CodedError('RUNTIME_UNAVAILABLE', 'Docker Desktop is installed, and is not running', {
        suggestions: [`Start it: ${startCommand(surroundings.platform)}`],
        details: { installed: program },
      });
  }
  return new CodedError('RUNTIME_UNAVAILABLE', 'Docker Desktop is not installed here', {
    suggestions: ['Install it, or name another runtime with --runtime.'],
  });
}

function startCommand(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'open -a Docker';
  return platform === 'win32' ? '“Docker Desktop” in the Start menu' : 'systemctl --user start docker-desktop';
}
