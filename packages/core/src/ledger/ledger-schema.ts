import * as v from 'valibot';
import { CodedError, codeOf } from '../errors/coded-error.ts';
import { printable } from '../errors/printable.ts';
import { digestSchema } from '../oci/descriptor.ts';
import { parseJson } from '../oci/parse-json.ts';
import { parseShape } from '../oci/parse-shape.ts';
import { commitName } from '../verify/provenance/predicate-claims.ts';
import { LEDGER_SCHEMA, type Ledger, MAX_RELEASES, MAX_REPAIRS, MAX_SEEN } from './ledger.ts';

// Both become paths: a ledger that somebody edited must not move anything else anywhere else.
const RESET_FOLDER = /^reset-[0-9]{8}T[0-9]{6}Z(-[0-9]{1,3})?$/;
const RESETTABLE =
  /^(manifests|bundles|downloads|ledger\.json\.damaged-[0-9]{1,3}|signatures\/last_log_index(\.damaged-[0-9]{1,3})?|signatures\/[0-9a-f]{64})$/;
const MAX_RESET_NAMES = 2_000;

/** A name in the state folder that a reset puts away: ours, by its spelling. */
export function isResettable(name: string): boolean {
  return RESETTABLE.test(name);
}

export function isResetFolder(name: string): boolean {
  return RESET_FOLDER.test(name);
}

const word = v.pipe(v.string(), v.minLength(1), v.maxLength(1024));
const logId = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected a log ID (64 hex digits)'));
// parse-json makes NaN of every number that is not spelled canonically or not below 2^53.
const logIndex = v.pipe(
  v.number(),
  v.check((index) => Number.isSafeInteger(index) && index >= 0, 'expected a log index below 2^53'),
);
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, 'expected a SHA-256 (64 hex digits)'));
const date = v.pipe(
  v.string(),
  v.check(isCanonicalDate, 'expected a UTC time as 2026-01-31T12:00:00.000Z'),
  v.transform((text) => new Date(text)),
);
const ranks = v.record(logId, logIndex);
const release = {
  signed: digestSchema,
  index: v.exactOptional(digestSchema),
  manifest: digestSchema,
  config: digestSchema,
  created: v.exactOptional(date),
  ranks,
  loggedAt: v.exactOptional(date),
};

const ledgerSchema = v.strictObject({
  schema: v.literal(LEDGER_SCHEMA),
  image: word,
  floors: ranks,
  highest: v.exactOptional(v.strictObject({ release: digestSchema, contentDate: v.exactOptional(date) })),
  installed: v.exactOptional(digestSchema),
  pending: v.exactOptional(
    v.strictObject({
      release: v.strictObject(release),
      temporaryName: word,
      stableName: word,
      since: date,
      forced: v.exactOptional(v.boolean()),
    }),
  ),
  releases: v.pipe(
    v.array(
      v.strictObject({
        ...release,
        installedAt: date,
        supersededAt: v.exactOptional(date),
        forced: v.exactOptional(v.boolean()),
      }),
    ),
    v.maxLength(MAX_RELEASES, `expected at most ${MAX_RELEASES} releases`),
  ),
  seen: v.record(digestSchema, v.strictObject({ ranks, loggedAt: v.exactOptional(date) })),
  lastCheck: v.exactOptional(v.strictObject({ time: date, digest: digestSchema })),
  failedChecks: v.exactOptional(v.strictObject({ time: date, count: logIndex })),
  remote: v.exactOptional(
    v.strictObject({
      release: v.strictObject(release),
      seenAt: date,
      provenance: v.exactOptional(
        v.strictObject({
          repository: v.string(),
          workflow: v.exactOptional(v.string()),
          verdict: v.picklist(['accepted', 'refused', 'missing', 'unknown']),
          commit: v.exactOptional(commitName),
          key: v.exactOptional(hash),
        }),
      ),
    }),
  ),
  declined: v.exactOptional(v.strictObject({ release: v.strictObject(release), time: date })),
  failedInstall: v.exactOptional(v.strictObject({ release: digestSchema, time: date, count: logIndex })),
  journal: v.exactOptional(v.strictObject({ count: logIndex, head: hash, first: logIndex })),
  runtime: v.exactOptional(word),
  historyLost: v.exactOptional(v.boolean()),
  repairs: v.exactOptional(
    v.pipe(
      v.array(
        v.strictObject({
          time: date,
          what: v.array(word),
          floors: v.exactOptional(
            v.array(
              v.strictObject({ log: logId, before: v.exactOptional(logIndex), after: v.exactOptional(logIndex) }),
            ),
          ),
        }),
      ),
      v.maxLength(MAX_REPAIRS, `expected at most ${MAX_REPAIRS} repairs`),
    ),
  ),
  reset: v.exactOptional(
    v.strictObject({
      to: v.pipe(v.string(), v.regex(RESET_FOLDER)),
      names: v.pipe(v.array(v.pipe(v.string(), v.regex(RESETTABLE))), v.maxLength(MAX_RESET_NAMES)),
    }),
  ),
});

/**
 * A stored ledger, or undefined when the bytes are not one: then it is rebuilt. Throws where rebuilding would destroy
 * something: it was written by a newer version, or is about another image.
 */
export function parseLedger(bytes: Uint8Array, image: string, where: string): Ledger | undefined {
  const place = { where, code: 'STATE_INVALID' } as const;
  const value = unlessMalformed(() => parseJson(bytes, place));
  refuseNewer(value, where);
  const ledger = unlessMalformed(() => parseShape(ledgerSchema, value, place)) as Ledger | undefined;
  if (ledger === undefined || !isConsistent(ledger)) return undefined;
  requireImage(ledger, image, where);
  return ledger;
}

function unlessMalformed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch (error) {
    if (codeOf(error) === 'STATE_INVALID') return undefined;
    throw error;
  }
}

function refuseNewer(value: unknown, where: string): void {
  const schema = typeof value === 'object' && value !== null && 'schema' in value ? value.schema : undefined;
  if (typeof schema !== 'number' || !(schema > LEDGER_SCHEMA)) return;
  throw new CodedError(
    'STATE_INVALID',
    `${where} was written by a newer version (schema ${schema}): expected ${LEDGER_SCHEMA}`,
    {
      suggestions: ['Update this tool, or name another folder with --state-dir.'],
      details: { schema },
    },
  );
}

function requireImage(ledger: Ledger, image: string, where: string): void {
  if (ledger.image === image) return;
  throw new CodedError('STATE_INVALID', `${where} is about ${printable(ledger.image)}: expected ${image}`, {
    suggestions: ['Give each profile its own state folder: name another one with --state-dir.'],
  });
}

/** What refers to a release must find it: a ledger that does not was not written by us. */
function isConsistent({ releases, installed, highest, seen }: Ledger): boolean {
  const configs = new Set(releases.map(({ config }) => config));
  const isKnown = (config: Ledger['installed']) => config === undefined || configs.has(config);
  return (
    configs.size === releases.length &&
    isKnown(installed) &&
    isKnown(highest?.release) &&
    Object.keys(seen).length <= MAX_SEEN
  );
}

function isCanonicalDate(text: string): boolean {
  const time = Date.parse(text);
  return !Number.isNaN(time) && new Date(time).toISOString() === text;
}
