import { isAbsolute } from 'node:path';
import { CodedError } from '@dangerzone-image/core';

/** How Podman is called: the program, and what goes before its verb. */
export interface PodmanCommand {
  readonly program: string;
  readonly globals: readonly string[];
}

/** Our option names, and Podman's own (podman(1), "GLOBAL OPTIONS"). */
const GLOBAL_OPTIONS: Readonly<Record<string, string>> = {
  root: '--root',
  runroot: '--runroot',
  storageDriver: '--storage-driver',
  connection: '--connection',
};

export function readPodmanOptions(
  options: Readonly<Record<string, string>>,
  platform: NodeJS.Platform = process.platform,
): PodmanCommand {
  const { command, ...others } = options;
  const globals = Object.entries(others).flatMap(([key, value]) => {
    const name = Object.hasOwn(GLOBAL_OPTIONS, key) ? GLOBAL_OPTIONS[key] : undefined;
    if (name === undefined) throw unknownOption(key);
    // Podman takes an empty one as none: it would go on with its usual store.
    if (value === '') throw emptyOption(key);
    return [`${name}=${value}`];
  });
  return { program: command === undefined ? defaultProgram(platform) : requireProgram(command, platform), globals };
}

/** On Windows `podman` alone could be a script, whose arguments the shell would read once more. */
function defaultProgram(platform: NodeJS.Platform): string {
  return platform === 'win32' ? 'podman.exe' : 'podman';
}

function requireProgram(command: string, platform: NodeJS.Platform): string {
  if (isAbsolute(command) && (platform !== 'win32' || command.toLowerCase().endsWith('.exe'))) return command;
  throw new CodedError('USAGE', `runtime option command: expected the full path of the program, got "${command}"`, {
    suggestions: ['For example: --runtime-option command=/usr/bin/podman'],
  });
}

function unknownOption(key: string): CodedError {
  return new CodedError('USAGE', `runtime podman has no option "${key}"`, {
    suggestions: [`Its options are: command, ${Object.keys(GLOBAL_OPTIONS).join(', ')}.`],
  });
}

function emptyOption(key: string): CodedError {
  return new CodedError('USAGE', `runtime option ${key} is empty`, {
    suggestions: [`Give it a value, or leave it out: --runtime-option ${key}=…`],
  });
}
