import { resolve } from 'node:path';
import {
  CodedError,
  type FetchedRelease,
  factsOf,
  fetchReleases,
  formatPlatform,
  hostPlatform,
  type ImageFacts,
  type ImageReference,
  type OnlineContext,
  type Platform,
  parseReference,
  withState,
} from '@dangerzone-image/core';
import { type ArchivePlan, planArchive } from './archive-plan.ts';
import { archiveNameFor, defaultArchiveName } from './default-archive-name.ts';
import { requireReplaceable } from './own-file.ts';
import { freeBytesOf, writeArchive } from './write-archive.ts';

export interface PrepareArchiveOptions {
  /** One file each; this machine's if there is none. */
  readonly platforms?: readonly Platform[];
  /** Where to; `{arch}` stands for the architecture. */
  readonly output?: string;
  /** Default: what the profile's tag points to now. */
  readonly reference?: ImageReference | undefined;
  readonly toolVersion: string;
  /** A trusted root that travels with the image, as the files of the TUF repository that prove it. */
  readonly tuf?: ReadonlyMap<string, Uint8Array> | undefined;
}

export interface PreparedArchive {
  readonly image: ImageFacts;
  /** Absolute. */
  readonly file: string;
  readonly bytes: number;
}

export interface PrepareArchiveResult extends PreparedArchive {
  readonly verb: 'prepare-archive';
  readonly status: 'created';
  /** All of them, where there are several; the members above are the first one's. */
  readonly archives?: readonly PreparedArchive[];
}

/** A file for each platform with the image and its signatures: everything is verified before anything is written. */
export async function prepareArchive(
  context: OnlineContext,
  options: PrepareArchiveOptions,
): Promise<PrepareArchiveResult> {
  const { profile } = context;
  const reference = options.reference ?? parseReference(`${profile.image}:${profile.tag}`);
  const targets = chooseTargets(profile.name, options);
  for (const { file } of targets) await requireReplaceable(file);
  return withState(context, 'prepare-archive', async (session) => {
    announce(context, 'verify');
    const platforms = targets.map(({ platform }) => platform);
    const releases = await fetchReleases(context, session, reference, platforms);
    const tag = reference.tag ?? (reference.digest ? undefined : profile.tag);
    const archives: PreparedArchive[] = [];
    for (const [position, { file }] of targets.entries()) {
      const { image } = releases[position] as FetchedRelease;
      const { toolVersion, tuf } = options;
      const labels = { toolVersion, tuf, ...(tag !== undefined && { name: `${profile.image}:${tag}` }) };
      const plan = planArchive(releases[position] as FetchedRelease, labels);
      await download(context, plan, file);
      archives.push({ image: factsOf(image, tag), file, bytes: plan.size });
    }
    const [first] = archives;
    if (!first) throw new TypeError('there is a target at least');
    return { verb: 'prepare-archive', status: 'created', ...first, ...(archives.length > 1 && { archives }) };
  });
}

async function download(context: OnlineContext, plan: ArchivePlan, output: string): Promise<void> {
  const { source, profile, report, signal } = context;
  const { repository } = parseReference(profile.image);
  announce(context, 'download');
  const total = plan.layers.reduce((sum, { size }) => sum + size, 0);
  let bytes = 0;
  const onBytes = (more: number) => {
    bytes += more;
    report?.({ type: 'download', bytes, total });
  };
  const freeBytes = async (folder: string) => {
    const free = await freeBytesOf(folder);
    report?.({ type: 'size', bytes: plan.size, freeBytes: free });
    return free;
  };
  await writeArchive(plan, { source, repository, output, signal, onBytes, freeBytes });
}

/** Which file each platform gets; two of them must not want the same one. */
function chooseTargets(profileName: string, { platforms = [], output }: PrepareArchiveOptions) {
  const pattern = output ?? defaultArchiveName({ name: profileName });
  const wanted = platforms.length > 0 ? platforms : [hostPlatform()];
  const targets = new Map<string, Platform>();
  for (const platform of wanted) {
    const file = resolve(archiveNameFor(pattern, platform));
    const other = targets.get(file);
    if (other && formatPlatform(other) !== formatPlatform(platform)) throw sameFile(file, other, platform);
    targets.set(file, platform);
  }
  return [...targets].map(([file, platform]) => ({ file, platform }));
}

function sameFile(file: string, left: Platform, right: Platform): CodedError {
  const both = `${formatPlatform(left)} and ${formatPlatform(right)}`;
  return new CodedError('USAGE', `${both} would both be written to ${file}: expected a file for each`, {
    suggestions: ['Put {arch} into --output, or prepare one platform after the other.'],
  });
}

function announce({ report, signal }: OnlineContext, step: 'verify' | 'download'): void {
  signal?.throwIfAborted();
  report?.({ type: 'step', step });
}
