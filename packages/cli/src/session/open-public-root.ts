import type { Profile, ProveRoot, PublicRoot, StateFolder } from '@dangerzone-image/core';
import { CodedError, codeOf } from '@dangerzone-image/core/errors';
import type { TrustUpdateResult, UpdatedTrustedRoot } from '@dangerzone-image/tuf';
import type { VerbOptions } from '../options/verb-options.ts';
import { homeFolder } from './home-folder.ts';
import { transportOptions } from './open-source.ts';
import type { Surroundings } from './surroundings.ts';

/** The public trusted root in force: --trusted-root, else the newer of what was fetched and what is built in. */
export async function openPublicRoot(surroundings: Surroundings): Promise<PublicRoot> {
  const { findPublicRoot, namePublicRoot } = await import('@dangerzone-image/core');
  const root = await findPublicRoot({
    file: surroundings.options.trustedRoot,
    readFetched: () => readFetched(surroundings),
  });
  surroundings.report({ type: 'decision', message: `trust in logs and authorities: ${namePublicRoot(root)}` });
  return root;
}

/** Where trusted roots are kept that were fetched, for whatever profile. */
export async function trustedRootFolder({ env }: Pick<Surroundings, 'env'>): Promise<StateFolder> {
  const { locateTrustedRoots } = await import('@dangerzone-image/core');
  return locateTrustedRoots({ env, platform: process.platform, home: homeFolder() });
}

/** Fetches it from Sigstore, or from a copy of Sigstore's repository. */
export async function fetchPublicRoot(
  { options, env, signal, report }: Surroundings,
  mirror: string | undefined,
): Promise<TrustUpdateResult> {
  const [{ openDocuments }, { PUBLIC_REPOSITORY, updateTrustedRoot }] = await Promise.all([
    import('@dangerzone-image/core/registry'),
    import('@dangerzone-image/tuf'),
  ]);
  const base = mirror ?? PUBLIC_REPOSITORY;
  const read = openDocuments({ base, env, signal, ...(await transportOptions(options)) });
  const folder = await trustedRootFolder({ env });
  return updateTrustedRoot({ folder, read, from: base, signal, report, timeoutMs: options.lockTimeoutMs });
}

/** For a verb that reads archives: proves the trusted root that one may bring. */
export function rootProver({ env, signal, report, options }: Surroundings): ProveRoot {
  return async (files, from) => {
    const { proveTravelledRoot } = await import('@dangerzone-image/tuf');
    const onWait = (holder: string) => report({ type: 'waiting', holder });
    const folder = await knownFolder({ env });
    return proveTravelledRoot(files, { folder, from, signal, timeoutMs: options.lockTimeoutMs, onWait });
  };
}

/** For a verb that writes archives: what proves the trusted root that was fetched here, where the profile rests on it. */
export async function fetchedTuf(surroundings: Surroundings, { publicRoot }: Profile) {
  if (publicRoot?.origin !== 'updated') return undefined;
  return (await readFetched(surroundings))?.files;
}

/** TUF is loaded only where something was ever fetched. */
async function readFetched(surroundings: Pick<Surroundings, 'env'>): Promise<UpdatedTrustedRoot | undefined> {
  const folder = await knownFolder(surroundings);
  const { countUpdates } = await import('@dangerzone-image/core');
  if (!folder || (await countUpdates(folder)) === 0) return undefined;
  const { readUpdatedTrustedRoot } = await import('@dangerzone-image/tuf');
  return readUpdatedTrustedRoot(folder);
}

async function knownFolder(surroundings: Pick<Surroundings, 'env'>): Promise<StateFolder | undefined> {
  return trustedRootFolder(surroundings).catch((error) => {
    if (codeOf(error) === 'STATE_INVALID') return undefined; // without a home nothing was kept, and nothing can be
    throw error;
  });
}

/** What a profile pins, nothing replaces: a trusted root that would count for nothing is a mistake, and is said. */
export function requireEffect({ trustedRoot }: Pick<VerbOptions, 'trustedRoot'>, profile: Profile): void {
  if (trustedRoot === undefined || profile.publicRoot || profile.provenanceRoot) return;
  throw new CodedError(
    'USAGE',
    `expected no --trusted-root: the profile ${profile.name} pins its own log, which nothing replaces`,
    {
      suggestions: [
        'Leave out --trusted-root, or give a --profile without "keys" and "trustedRoot" in "transparencyLog".',
      ],
    },
  );
}
