import { CodedError } from '../errors/coded-error.ts';
import { type ImageReference, parseReference } from '../oci/reference.ts';
import { lookUpSignatures, verifyLookedUp } from '../source/look-up-signatures.ts';
import { remember } from './remember.ts';
import type { StoreSignaturesResult } from './results.ts';
import { withState } from './state-session.ts';
import { storeSigned } from './stored-evidence.ts';
import type { OnlineContext } from './verb-context.ts';

export interface StoreSignaturesOptions {
  /** Default: what the profile's tag points to now. With a digest, the image itself is not looked at. */
  readonly reference?: ImageReference;
}

/** Fetches, verifies and stores an image's signatures. No rollback rule, no floor moved, no engine. */
export async function storeSignatures(
  context: OnlineContext,
  options: StoreSignaturesOptions = {},
): Promise<StoreSignaturesResult> {
  const { source, profile, state, signal } = context;
  const reference = options.reference ?? parseReference(`${profile.image}:${profile.tag}`);
  requireOwnImage(reference, profile.image);
  return withState(context, 'store-signatures', async (session) => {
    const digest =
      reference.digest ??
      (await source.resolve({ ...reference, tag: reference.tag ?? profile.tag }, { ...(signal && { signal }) }));
    const looked = await lookUpSignatures(source, reference, digest, profile.trust, { ...(signal && { signal }) });
    const signed = verifyLookedUp(looked, digest, profile.trust);
    await storeSigned(state, profile, signed);
    await remember(session, signed);
    await session.save((ledger) => ledger, { event: 'stored', image: digest });
    const tag = reference.tag ?? (reference.digest ? undefined : profile.tag);
    return {
      verb: 'store-signatures',
      status: 'stored',
      image: { name: profile.image, ...(tag && { tag }), digest },
      signatures: signed.verdicts,
    };
  });
}

/** A profile's keys speak for its image alone: another name needs a profile of its own. */
export function requireOwnImage({ name }: ImageReference, image: string): void {
  if (name === image) return;
  throw new CodedError('USAGE', `this profile is about ${image}, not about ${name}`, {
    suggestions: [
      'Name the image’s own profile: --profile FILE. To fetch from elsewhere under the same name use --mirror.',
    ],
  });
}
