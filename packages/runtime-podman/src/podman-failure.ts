import { CodedError, printable } from '@dangerzone-image/core';

/** What execa tells of a child that did not end well. */
export interface FailedChild {
  readonly exitCode?: number | undefined;
  readonly signal?: string | undefined;
  readonly code?: string | undefined;
  readonly stderr?: unknown;
  readonly cause?: unknown;
}

/** Podman's way of saying that it could not do anything at all (podman(1), "Exit Codes"). */
const COULD_NOT_RUN = 125;

export function podmanFailure(program: string, args: readonly string[], failed: FailedChild): CodedError {
  const details = { command: [program, ...args].map((word) => printable(word)).join(' ') };
  if (failed.exitCode === undefined && failed.signal === undefined) return notStarted(program, failed, details);
  const said = typeof failed.stderr === 'string' ? failed.stderr.trim().split('\n').at(-1) : undefined;
  const how = failed.signal ? `was ended by ${failed.signal}` : `ended with exit code ${failed.exitCode}`;
  const message = `podman ${args[0] ?? ''} ${how}${said ? `: ${printable(said)}` : ''}`;
  return new CodedError('RUNTIME_FAILED', message, {
    details: { ...details, ...(failed.exitCode !== undefined && { exitCode: failed.exitCode }) },
    suggestions:
      failed.exitCode === COULD_NOT_RUN
        ? POLICY_OR_SETUP
        : ['Look at what Podman said; then run the same command again.'],
    cause: failed.cause,
  });
}

const POLICY_OR_SETUP = [
  'See whether `podman info` works in a terminal.',
  'If Podman’s policy refuses all images, allow this repository in /etc/containers/policy.json or ~/.config/containers/policy.json ("transports": {"docker-archive": …, "oci-archive": …}): the image is verified here before Podman gets it.',
];

function notStarted(program: string, { code, cause }: FailedChild, details: Record<string, unknown>): CodedError {
  const why =
    code === 'ENOENT' ? 'is not installed, or not in PATH' : `cannot be started (${code ?? 'unknown reason'})`;
  return new CodedError('RUNTIME_UNAVAILABLE', `Podman (${printable(program)}) ${why}`, {
    suggestions: ['Install Podman, or name the program: --runtime podman --runtime-option command=/path/to/podman'],
    details,
    cause,
  });
}
