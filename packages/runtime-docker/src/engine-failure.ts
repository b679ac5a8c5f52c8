import { CodedError, escapeControls, printable } from '@dangerzone-image/core';

const MAX_SHOWN = 600;

/** Why a connection did not come about, by the code of the system or of TLS: never by its words. */
const REASONS: Readonly<Record<string, readonly [what: string, remedy: string]>> = {
  ENOENT: [
    'nothing is there',
    'Start Docker, or install it; another place is named by --runtime-option host=… or DOCKER_HOST.',
  ],
  ECONNREFUSED: ['nobody answers there', 'Start Docker: sudo systemctl start docker'],
  EACCES: [
    'this user may not use it',
    'Add this user to the group docker (which is as good as root), or use rootless Docker or Podman.',
  ],
  ENOTFOUND: ['the host is not known', 'Look at the name of the host.'],
  EHOSTUNREACH: ['there is no way to that host', 'Look at the network, and at the address.'],
  ENETUNREACH: ['there is no way to that network', 'Look at the network, and at the address.'],
  ETIMEDOUT: ['no answer came in time', 'Look at the network, and whether the engine runs there.'],
};

/** The engine could not be reached. */
export function unreachable(endpoint: string, cause: Error & { readonly code?: unknown }): CodedError {
  const code = typeof cause.code === 'string' ? cause.code : '';
  const known = Object.hasOwn(REASONS, code) ? REASONS[code] : undefined;
  const [what, remedy] = known ?? [
    escapeControls(cause.message.slice(0, MAX_SHOWN)) || 'the connection failed',
    'See whether `docker version` works in a terminal, with the same address. Certificates are always checked.',
  ];
  return new CodedError('RUNTIME_UNAVAILABLE', `no Docker engine answers at ${printable(endpoint)}: ${what}`, {
    suggestions: [remedy],
    details: { endpoint, ...(code && { reason: code }) },
    cause,
  });
}

export function notAnswering(endpoint: string, milliseconds: number): CodedError {
  return new CodedError(
    'RUNTIME_UNAVAILABLE',
    `Docker at ${printable(endpoint)} did not answer within ${milliseconds / 1000} seconds`,
    { suggestions: ['See whether `docker info` answers in a terminal, and restart Docker if it does not.'] },
  );
}

/** The engine answered, and not as was hoped. `details.status` tells which way. */
export function refusedRequest(request: string, status: number, body: Uint8Array): CodedError {
  const said = escapeControls(reasonIn(body).slice(0, MAX_SHOWN));
  return new CodedError('RUNTIME_FAILED', `Docker answers ${status} to ${request}${said && `: ${said}`}`, {
    suggestions: ['Look at what Docker said; then run the same command again.'],
    details: { request, status },
  });
}

export function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error) || !('details' in error)) return undefined;
  const { status } = error.details as { readonly status?: unknown };
  return typeof status === 'number' ? status : undefined;
}

function reasonIn(body: Uint8Array): string {
  const text = new TextDecoder().decode(body).trim();
  try {
    const { message } = JSON.parse(text) as { readonly message?: unknown };
    return typeof message === 'string' ? message : '';
  } catch {
    return text;
  }
}
