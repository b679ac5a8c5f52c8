import { CodedError } from '../errors/coded-error.ts';
import { escapeControls, printable } from '../errors/printable.ts';

interface FailureKind {
  readonly reason: string;
  readonly codes: RegExp;
  readonly message: string;
  readonly suggestions: readonly string[];
}

const AGAIN = 'Try again later, from another network, or give a --mirror.';

// First match wins. Codes are those of Node (libuv, OpenSSL, llhttp) and of the HTTP library.
const kinds: readonly FailureKind[] = [
  {
    reason: 'dns',
    codes: /^(ENOTFOUND|ENODATA|ESERVFAIL|EAI_.+)$/,
    message: 'its name was not found (DNS)',
    suggestions: ['Check the registry’s name and your network connection.'],
  },
  { reason: 'refused', codes: /^ECONNREFUSED$/, message: 'the connection was refused', suggestions: [AGAIN] },
  {
    reason: 'unreachable',
    codes: /^(EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|ENETDOWN|EADDRNOTAVAIL)$/,
    message: 'there is no way to it (network unreachable)',
    suggestions: ['Check your network connection.'],
  },
  {
    reason: 'timeout',
    codes: /^(ETIMEDOUT|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT)$/,
    message: 'it did not answer in time',
    suggestions: ['Try again later, or with a longer --timeout.'],
  },
  {
    reason: 'tls',
    codes: /^(EPROTO|ERR_TLS_.+|ERR_SSL_.+|CERT_.+|CRL_.+|.*_CERT|.*_CERT_.+|UNABLE_TO_.+|HOSTNAME_MISMATCH)$/,
    message: 'its certificate or the encrypted connection (TLS) is not valid',
    suggestions: [
      'Somebody may be in between (a captive portal, a proxy). Use another network; check this machine’s clock.',
      'If the certificate is of your own network, name its authority with --ca-file.',
    ],
  },
  {
    reason: 'protocol',
    codes: /^(HPE_.+|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_.+)$/,
    message: 'its answer is not valid HTTP',
    suggestions: ['Check the address: this may not be a registry.'],
  },
];
const broken: Omit<FailureKind, 'codes'> = {
  reason: 'broken',
  message: 'the connection broke off',
  suggestions: [AGAIN],
};

/** What went wrong below HTTP, in words of ours. */
export function networkFailure(error: unknown, { host }: URL, proxy?: string): CodedError {
  const { code, reason, message, suggestions, cause } = describeFailure(error);
  const way = proxy === undefined ? '' : ` through the proxy ${printable(proxy)}`;
  return new CodedError(
    'REGISTRY_UNREACHABLE',
    `cannot read from ${printable(host)}${way}: ${message}${code ? ` (${code})` : ''}`,
    {
      suggestions,
      details: { host, reason, ...(proxy !== undefined && { proxy }), ...(code && { systemCode: code }) },
      cause,
    },
  );
}

/** The kind of a failure, its code where it is one, and what of it may be shown to those who look for more. */
export function describeFailure(error: unknown) {
  const raw = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  const code = /^[A-Z0-9_]{1,60}$/.test(raw) ? raw : undefined;
  const { reason, message, suggestions } = kinds.find(({ codes }) => codes.test(code ?? '')) ?? broken;
  return { code, reason, message, suggestions, cause: withoutPayload(error, code) };
}

/** Foreign errors carry raw answers, certificates and text that the other side chose: their words stay, escaped, the rest goes. */
function withoutPayload(error: unknown, code: string | undefined): Error {
  const message = error instanceof Error ? `${error.name}: ${error.message}` : typeof error;
  return Object.assign(new Error(escapeControls(message.slice(0, 500))), code && { code });
}
