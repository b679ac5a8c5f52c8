import { describe, expect, it } from 'vitest';
import { CodedError } from '../errors/coded-error.ts';
import { withPublicRoot } from '../profile/load-profile.ts';
import { testProfile } from '../testing/test-profile.ts';
import { builtInPublicRoot, type PublicRoot } from '../trust/public-root.ts';
import { type ProveRoot, withArchivedRoot } from './archived-root.ts';
import type { ProgressEvent } from './verb-context.ts';

const DAY_MS = 86_400_000;
const builtIn = builtInPublicRoot();
const now = new Date((builtIn.date as Date).getTime() + 10 * DAY_MS);
const pinned = testProfile({ image: 'registry.example.org/team/sandbox', keys: [], threshold: 1, logs: [] });
const root = JSON.parse(Buffer.from(builtIn.bytes).toString());
/** With one of its logs alone, so that it can be told from the one in force. */
const newer = Buffer.from(JSON.stringify({ ...root, tlogs: root.tlogs.slice(0, 1) }));
const archive = { tuf: new Map([['timestamp.json', Buffer.from('{}')]]), location: 'sandbox.tar' };

async function meet({
  profile = withPublicRoot(pinned, builtIn),
  days = 5,
  tuf = archive.tuf,
  proveRoot = undefined as ProveRoot | undefined,
  bytes = newer,
} = {}) {
  const events: ProgressEvent[] = [];
  const calls: string[] = [];
  const asOf = new Date((builtIn.date as Date).getTime() + days * DAY_MS);
  const prove: ProveRoot = async (_, from) => {
    calls.push('prove');
    return { trustedRoot: bytes, from, asOf, goodUntil: asOf, keep: async () => void calls.push('keep') };
  };
  const context = {
    profile,
    state: { path: '/nowhere' },
    now: () => now,
    report: (event: ProgressEvent) => events.push(event),
    proveRoot: proveRoot ?? prove,
  };
  const found = await withArchivedRoot(context, { ...archive, tuf });
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
  return { ...found, calls, notices, logs: found.context.profile.trust.logs.length, given: context };
}

describe('a trusted root that comes with an archive', () => {
  it('counts where it is newer than the public one in force, and its age is told', async () => {
    const { context, logs, calls, notices, keep } = await meet();
    expect(logs).toBe(1);
    expect(context.profile.publicRoot).toMatchObject({ origin: 'archive', from: 'sandbox.tar' });
    expect(notices).toEqual([
      expect.stringMatching(/^Sigstore’s public trusted root of .* \(from the archive\) counts: .* 5 days ago$/),
    ]);
    expect(calls).toEqual(['prove']);
    await keep();
    expect(calls).toEqual(['prove', 'keep']);
  });

  const refused: ProveRoot = async () => {
    throw new CodedError('TRUSTED_ROOT_REFUSED', 'root.json has expired');
  };
  it.each<[string, Parameters<typeof meet>[0], string]>([
    ['that is not proven', { proveRoot: refused }, 'root.json has expired'],
    ['that is older than the one in force', { days: -1 }, 'older'],
    ['of the same moment', { days: 0 }, 'older'],
  ])('is ignored with a notice: one %s', async (_, options, why) => {
    const { context, given, notices, keep } = await meet(options);
    expect(context).toBe(given);
    expect(notices).toEqual([expect.stringContaining(why)]);
    await keep();
  });

  const ofUser: PublicRoot = { origin: 'file', from: 'root.json', bytes: builtIn.bytes };
  it.each<[string, Parameters<typeof meet>[0], string[]]>([
    ['where the profile pins its log', { profile: pinned }, []],
    ['where the user named a trusted root', { profile: withPublicRoot(pinned, ofUser) }, []],
    ['where the archive has none', { tuf: new Map() }, []],
    ['where it says what is in force', { bytes: Buffer.from(builtIn.bytes) }, ['prove']],
  ])('changes nothing %s', async (_, options, called) => {
    const { context, given, notices, calls, keep } = await meet(options);
    expect(context).toBe(given);
    await keep();
    expect([notices, calls]).toEqual([[], called]);
  });

  it('does not hide a failure that has another reason', async () => {
    const broken: ProveRoot = async () => {
      throw new CodedError('STATE_INVALID', 'damaged');
    };
    await expect(meet({ proveRoot: broken })).rejects.toMatchObject({ code: 'STATE_INVALID' });
  });
});
