import { CodedError, codeOf } from '../errors/coded-error.ts';
import { exitCodeOf } from '../errors/error-code.ts';
import { printable } from '../errors/printable.ts';
import { readDocument } from '../ledger/document-store.ts';
import { type Release, releaseOf, sightingOf } from '../ledger/release.ts';
import { formatPlatform } from '../oci/platform.ts';
import type { LocalImage } from '../runtime/container-runtime.ts';
import { claimsChain } from '../runtime/match-image.ts';
import { type VerifiedImage, verifyImage } from '../verify/verified-image.ts';
import type { SignedDigest } from '../verify/verify-signatures.ts';
import type { ImageFacts } from './results.ts';
import { storedChains, verifyStored } from './stored-evidence.ts';
import type { LocalContext } from './verb-context.ts';

/** The second evidence: an engine's own claim, matched to a chain whose signatures were verified just now. */
export interface InstalledImage {
  readonly local: LocalImage;
  readonly facts: ImageFacts;
  readonly signed: SignedDigest;
  /** Absent where only signatures are stored, as Dangerzone 0.11 leaves them: then the engine's digest is what is signed. */
  readonly image?: VerifiedImage;
}

/** What an engine runs when the image's stable name is given, if anything. */
export async function findLocal(
  { profile, runtime, signal }: LocalContext,
  name = stableName(profile),
): Promise<LocalImage | undefined> {
  const images = await runtime.images(profile.image, { ...(signal && { signal }) });
  return images.find(({ names }) => names.includes(name));
}

export function stableName({ image, tag }: { readonly image: string; readonly tag: string }): string {
  return `${image}:${tag}`;
}

/** Verifies the image under its stable name against stored evidence: no network, no rollback rule. */
export async function verifyInstalled(context: LocalContext, releases: readonly Release[]): Promise<InstalledImage> {
  const local = await findLocal(context);
  if (!local) throw await notInstalled(context);
  return verifyLocalImage(context, local, releases);
}

/** One engine may have several stores, each with its own images: of root and of each user, say. */
async function notInstalled({ runtime, profile }: LocalContext): Promise<CodedError> {
  const { endpoint } = await runtime.info();
  const message = `${runtime.name} has no image ${stableName(profile)} in ${printable(endpoint)}`;
  return new CodedError('IMAGE_NOT_INSTALLED', message, { suggestions: ['Install it: dangerzone-image upgrade'] });
}

/**
 * The same where "nothing usable is there" is an answer: no image, or one that does not verify. It is left where it is
 * until a good one takes its place. That the engine or the state does not work is no such answer.
 */
export async function findInstalled(
  context: LocalContext,
  releases: readonly Release[],
): Promise<InstalledImage | undefined> {
  const { runtime, profile, report } = context;
  const local = await findLocal(context);
  if (!local) {
    report?.({ type: 'decision', message: `${runtime.name} has no image ${stableName(profile)}` });
    return undefined;
  }
  try {
    return await verifyLocalImage(context, local, releases);
  } catch (error) {
    const family = exitCodeOf(codeOf(error) ?? 'INTERNAL');
    const isAnswer = family === 3 || family === 7;
    if (!isAnswer) throw error;
    report?.({ type: 'decision', message: `nothing usable is installed: ${(error as Error).message}` });
    return undefined;
  }
}

export async function verifyLocalImage(
  context: LocalContext,
  local: LocalImage,
  releases: readonly Release[],
): Promise<InstalledImage> {
  const { state, profile, runtime } = context;
  const { platform } = await runtime.info({ brief: true });
  let refusal: unknown;
  for await (const chain of storedChains(state, platform, releases)) {
    if (!claimsChain(local, chain)) continue;
    for (const { digest, bytes } of [...(chain.index ? [chain.index] : []), chain.manifest]) {
      try {
        const image = verifyImage(profile.image, chain, await verifyStored(state, profile, digest, bytes));
        return { local, facts: factsOf(image, profile.tag), signed: image.signed, image };
      } catch (error) {
        refusal = moreTelling(refusal, error);
      }
    }
  }
  return verifyByDigest(context, local, refusal);
}

/** Without stored documents, signatures over a digest that the engine itself reports; as much as Dangerzone checks. */
async function verifyByDigest(
  { state, profile }: LocalContext,
  local: LocalImage,
  earlier: unknown,
): Promise<InstalledImage> {
  let refusal = earlier;
  for (const digest of local.digests) {
    // Where documents are known, the image's ID had to fit them: a listed digest does not make up for it.
    if (await readDocument(state, digest)) continue;
    try {
      const signed = await verifyStored(state, profile, digest);
      return { local, facts: { name: profile.image, tag: profile.tag, digest }, signed };
    } catch (error) {
      refusal = moreTelling(refusal, error);
    }
  }
  throw refusal ?? unknownImage(local, profile.image);
}

/** "A stored signature is wrong" says more than "none is stored for this digest". */
function moreTelling(earlier: unknown, error: unknown): unknown {
  if (codeOf(error) === undefined) throw error;
  return earlier === undefined || codeOf(earlier) === 'IMAGE_NOT_VERIFIED' ? error : earlier;
}

/** As the order of releases sees it. Of signatures without documents only their digest and their entries are known. */
export function releaseOfInstalled({ image, signed }: Pick<InstalledImage, 'image' | 'signed'>): Release {
  if (image) return releaseOf(image);
  const { digest, ...known } = sightingOf(signed);
  return { signed: digest, manifest: digest, config: digest, ...known };
}

function unknownImage({ id }: LocalImage, name: string): CodedError {
  return new CodedError(
    'IMAGE_NOT_VERIFIED',
    `the installed image ${id} is not one of ${name} that was verified here`,
    {
      suggestions: ['Do not run it. Install a verified one in its place: dangerzone-image upgrade'],
    },
  );
}

export function factsOf({ name, digest, index, manifest, config, platform }: VerifiedImage, tag?: string): ImageFacts {
  return {
    name,
    ...(tag !== undefined && { tag }),
    digest,
    ...(index && { index: index.digest }),
    manifest: manifest.digest,
    config: config.digest,
    platform: formatPlatform(platform),
  };
}
