import { CodedError } from '../errors/coded-error.ts';
import { readLedger } from '../ledger/ledger-file.ts';
import type { ImageReference } from '../oci/reference.ts';
import type { Profile } from '../profile/profile.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import { verifyInstalled } from './installed-image.ts';
import type { ImageFacts, VerifyLocalResult } from './results.ts';
import { requireOwnImage } from './store-signatures.ts';
import type { LocalContext } from './verb-context.ts';

export interface VerifyLocalOptions {
  /** What the caller takes the installed image for: the profile's image, with a digest exactly that one. */
  readonly image?: ImageReference;
  /** Hold the engine's own copy against what was signed, by its bytes, and not only by what the engine says. */
  readonly deep?: boolean;
}

/** Verifies what the engine has now against what is stored here. No network, no rollback rule, nothing written. */
export async function verifyLocal(
  given: LocalContext,
  { image, deep = false }: VerifyLocalOptions = {},
): Promise<VerifyLocalResult> {
  if (image) requireInstalledName(image, given.profile);
  const context = { ...given, runtime: guardRuntime(given.runtime, given) };
  const { ledger, notices } = await readLedger(context.state, context.profile, { readOnly: true });
  for (const message of notices) context.report?.({ type: 'notice', message });
  const installed = await verifyInstalled(context, ledger.releases);
  const { facts, signed } = installed;
  if (image) requireDigest(image, facts);
  noteReplacedLog(context, signed.verdicts);
  // Only who asks for it loads it: a start is most of what this verb takes.
  const layers = deep ? await (await import('./verify-deep.ts')).verifyDeep(context, installed) : undefined;
  return {
    verb: 'verify-local',
    status: 'verified',
    image: facts,
    signatures: signed.verdicts,
    ...(layers && { layers }),
  };
}

function noteReplacedLog({ profile, report }: LocalContext, verdicts: VerifyLocalResult['signatures']): void {
  const replaced = new Set(profile.replacedLogs.map(({ id }) => id));
  if (!verdicts.some((verdict) => verdict.verdict === 'accepted' && verdict.log && replaced.has(verdict.log.id)))
    return;
  report?.({
    type: 'notice',
    message: 'The stored signature was logged under the built-in log key, which still counts here.',
  });
}

/** The one name that a profile installs under. */
export function requireInstalledName(reference: ImageReference, { image, tag }: Profile): void {
  requireOwnImage(reference, image);
  if (reference.tag === undefined || reference.tag === tag) return;
  throw new CodedError('USAGE', `this profile installs ${image}:${tag}, not the tag ${reference.tag}`, {
    suggestions: ['Leave the tag out.'],
  });
}

export function requireDigest({ digest }: ImageReference, facts: ImageFacts): void {
  if (digest === undefined || [facts.digest, facts.index, facts.manifest].includes(digest)) return;
  throw new CodedError('IMAGE_NOT_VERIFIED', `expected ${facts.name}@${digest}, installed is ${facts.digest}`, {
    suggestions: ['Leave the digest out to verify what is installed.'],
  });
}
