import { isAbsolute } from 'node:path';
import { CodedError } from '@dangerzone-image/core';

/** How Podman is called: the program, and what goes before its verb. */
export interface PodmanCommand {
  readonly program: string;
  readonly globals: readonly string[];
  /** Put over our own variables; an undefined one is taken away. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface OptionSurroundings {
  readonly platform: NodeJS.Platform;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Our option names, and Podman's own (podman(1), "GLOBAL OPTIONS"). */
const GLOBAL_OPTIONS: Readonly<Record<string, string>> = {
  root: '--root',
  runroot: '--runroot',
  storageDriver: '--storage-driver',
  connection: '--connection',
};

/** They say where this machine's Podman keeps its files: one that talks to an engine elsewhere does not know them. */
const LOCAL_OPTIONS = ['root', 'runroot', 'storageDriver'] as const;

const ENGINE_VARIABLES = ['CONTAINER_HOST', 'CONTAINER_CONNECTION'] as const;

export function readPodmanOptions(
  options: Readonly<Record<string, string>>,
  { platform, env }: OptionSurroundings = process,
): PodmanCommand {
  const { command, ...others } = options;
  const globals = Object.entries(others).flatMap(([key, value]) => {
    const name = Object.hasOwn(GLOBAL_OPTIONS, key) ? GLOBAL_OPTIONS[key] : undefined;
    if (name === undefined) throw unknownOption(key);
    // Podman takes an empty one as none: it would go on with its usual store.
    if (value === '') throw emptyOption(key);
    return [`${name}=${value}`];
  });
  requireLocal(options, { platform, env });
  const program = command === undefined ? defaultProgram(platform) : requireProgram(command, platform);
  // Podman 4.3.1 takes CONTAINER_HOST before `--connection`; with us what is said on the command line comes first.
  return { program, globals, ...(options.connection !== undefined && { env: withoutVariables }) };
}

const withoutVariables = Object.fromEntries(ENGINE_VARIABLES.map((name) => [name, undefined]));

function requireLocal(options: Readonly<Record<string, string>>, { platform, env }: OptionSurroundings): void {
  const local = LOCAL_OPTIONS.find((key) => options[key] !== undefined);
  if (local === undefined) return;
  if (options.connection !== undefined)
    throw notLocal(local, 'the option connection', 'Leave out one of the two options.');
  // Podman 4.3.1 takes an empty one for one that is set.
  const variable = ENGINE_VARIABLES.find((name) => env[name] !== undefined);
  if (variable !== undefined)
    throw notLocal(local, `the variable ${variable}`, `Leave out the option, or unset ${variable}.`);
  if (platform === 'darwin' || platform === 'win32')
    throw notLocal(local, 'Podman’s machine', 'Leave out the option: the store is inside the machine.');
}

function notLocal(key: string, elsewhere: string, remedy: string): CodedError {
  const message = `runtime option ${key} is about this machine’s own Podman, but ${elsewhere} names an engine elsewhere`;
  return new CodedError('USAGE', message, { suggestions: [remedy] });
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
