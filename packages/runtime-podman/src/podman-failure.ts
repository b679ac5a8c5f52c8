import { CodedError, escapeControls, printable } from '@dangerzone-image/core';

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
const MAX_LINES = 8;
const MAX_LINE = 300;

export function podmanFailure(program: string, args: readonly string[], failed: FailedChild): CodedError {
  const details = { command: [program, ...args].map((word) => printable(word)).join(' ') };
  if (failed.exitCode === undefined && failed.signal === undefined) return notStarted(program, failed, details);
  const said = typeof failed.stderr === 'string' ? lastLines(failed.stderr) : '';
  const how = failed.signal ? `was ended by ${failed.signal}` : `ended with exit code ${failed.exitCode}`;
  const message = `podman ${args[0] ?? ''} ${how}${said && `: ${said}`}`;
  return new CodedError('RUNTIME_FAILED', message, {
    details: { ...details, ...(failed.exitCode !== undefined && { exitCode: failed.exitCode }) },
    suggestions:
      failed.exitCode === COULD_NOT_RUN
        ? policyOrSetup(args)
        : ['Look at what Podman said; then run the same command again.'],
    cause: failed.cause,
  });
}

/** `podman load` tries one format after the other and tells of each: the reason is seldom in the last line. */
function lastLines(stderr: string): string {
  const lines = stderr.trim().split('\n').slice(-MAX_LINES);
  return lines.map((line) => escapeControls(line.trim().slice(0, MAX_LINE))).join('; ');
}

function policyOrSetup(args: readonly string[]): string[] {
  const stanza = policyStanza(args);
  return [
    'See whether `podman info` works in a terminal.',
    ...(stanza === undefined
      ? []
      : [
          'If Podman’s policy refuses it (“rejected by policy”), add this to "transports" in /etc/containers/policy.json' +
            ` or ~/.config/containers/policy.json: ${stanza}. The image is verified here, before Podman gets it.`,
        ]),
  ];
}

/** containers-policy.json(5): our tar is looked up as `oci-archive`, our folder as `oci`, a pull as `docker` and the repository. */
function policyStanza(args: readonly string[]): string | undefined {
  const accept = [{ type: 'insecureAcceptAnything' }];
  if (args[0] === 'load') return JSON.stringify({ 'oci-archive': { '': accept } });
  if (args.at(-1)?.startsWith('oci:')) return JSON.stringify({ oci: { '': accept } });
  const [repository] = args.at(-1)?.split('@') ?? [];
  return args[0] === 'pull' && repository ? JSON.stringify({ docker: { [repository]: accept } }) : undefined;
}

function notStarted(program: string, { code, cause }: FailedChild, details: Record<string, unknown>): CodedError {
  const why =
    code === 'ENOENT' ? 'is not installed, or not in PATH' : `cannot be started (${code ?? 'unknown reason'})`;
  return new CodedError('RUNTIME_UNAVAILABLE', `Podman (${printable(program)}) ${why}`, {
    suggestions: ['Install Podman, or name the program: --runtime podman --runtime-option command=/path/to/podman'],
    details,
    cause,
  });
}
