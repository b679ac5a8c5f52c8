import type { Profile, VerbContext } from '@dangerzone-image/core';
import { printable } from '@dangerzone-image/core/errors';
import { formatBytes } from '../render/format-amount.ts';
import { type Reason, reasonOf } from '../render/reason-of.ts';
import { type ProbedRuntime, probeRuntimes } from '../runtime/probe-runtimes.ts';
import { allProviders, openVerb } from '../session/open-context.ts';
import { openSource } from '../session/open-source.ts';
import type { Surroundings } from '../session/surroundings.ts';
import { isSingleFile } from '../single-file/is-single-file.ts';
import type { DoctorCheck, DoctorResult } from './doctor-result.ts';

/** Looks at everything that an upgrade needs and changes nothing. A check that fails is an answer, not an error. */
export async function diagnose(surroundings: Surroundings): Promise<DoctorResult> {
  const runtimes = await probeRuntimes(await allProviders(surroundings), surroundings.options);
  const usable = usableOf(runtimes, surroundings);
  const checks = [
    checkRuntime(usable, surroundings),
    await checkPlugins(surroundings),
    ...(await inContext(surroundings, usable)),
  ];
  const isOk = checks.every(({ status }) => status === 'ok');
  return { verb: 'doctor', status: isOk ? 'ok' : 'problems', runtimes, checks };
}

/** What needs a profile: without one there is nothing more to look at. */
async function inContext(surroundings: Surroundings, usable: readonly ProbedRuntime[]): Promise<DoctorCheck[]> {
  try {
    const context = await openVerb(surroundings);
    const { name, image, notices } = context.profile;
    const profile = ok('profile', [`${printable(name)} trusts ${printable(image)}`, ...notices].join('; '));
    return [profile, ...(await checkState(context)), ...(await checkOffer(surroundings, context.profile, usable))];
  } catch (error) {
    return [problem('profile', reasonOf(error))];
  }
}

/** Those that answer, or the one that was named if it does. */
function usableOf(runtimes: readonly ProbedRuntime[], { options }: Surroundings): readonly ProbedRuntime[] {
  const named = options.runtime?.value;
  return runtimes.filter(({ name, available }) => available && (named === undefined || name === named));
}

function checkRuntime(usable: readonly ProbedRuntime[], { options }: Surroundings): DoctorCheck {
  const named = options.runtime?.value;
  if (usable.length > 0) return ok('runtime', `usable: ${usable.map(({ name }) => name).join(', ')}`);
  const message = named === undefined ? 'no container runtime answers' : `runtime ${printable(named)} does not answer`;
  const suggestions = ['See the reasons above: one of the runtimes must work.'];
  return problem('runtime', { message, suggestions });
}

async function checkPlugins({ settingsFolder }: Surroundings): Promise<DoctorCheck> {
  if (isSingleFile()) return ok('plugins', 'the single file takes none');
  const { readAddedPlugins } = await import('../plugins/added-plugins.ts');
  try {
    const added = await readAddedPlugins(settingsFolder);
    const broken = added.flatMap((entry) => ('problem' in entry ? [entry] : []));
    const [first] = broken;
    if (!first) return ok('plugins', added.length === 0 ? 'none were added' : `${added.length} added`);
    const message = broken.map(({ name, problem }) => `${printable(name)}: ${problem.message}`).join('; ');
    return problem('plugins', { message, suggestions: [`Forget it: dangerzone-image plugins remove ${first.name}`] });
  } catch (error) {
    return problem('plugins', reasonOf(error));
  }
}

/** The state folder, and this machine's clock against the newest time that a transparency log vouched for. */
async function checkState(context: VerbContext): Promise<DoctorCheck[]> {
  try {
    const { showState } = await import('@dangerzone-image/core');
    const { folder, releases, problems } = await showState(context);
    const state =
      problems.length === 0
        ? ok('state', `${folder}: ${releases.length} accepted releases`)
        : problem('state', {
            message: problems.map(({ message }) => message).join('; '),
            suggestions: [...new Set(problems.map(({ remedy }) => remedy))],
          });
    return [
      state,
      checkClock(
        releases.flatMap(({ loggedAt }) => (loggedAt ? [loggedAt] : [])),
        new Date(),
      ),
    ];
  } catch (error) {
    return [problem('state', reasonOf(error))];
  }
}

const CLOCK_TOLERANCE_MS = 10 * 60_000;

export function checkClock(logged: readonly Date[], now: Date): DoctorCheck {
  const newest = new Date(Math.max(0, ...logged.map((time) => time.getTime())));
  if (newest.getTime() <= now.getTime() + CLOCK_TOLERANCE_MS) return ok('clock', now.toISOString());
  return problem('clock', {
    message: `this machine says ${now.toISOString()}, and a log entry was made ${newest.toISOString()}`,
    suggestions: ['Set the clock: ages of releases and certificates cannot be judged by a wrong one.'],
  });
}

/** By the way that an upgrade would take: the tag, then all that is verified before a layer is fetched. */
async function checkOffer(
  surroundings: Surroundings,
  profile: Profile,
  runtimes: readonly ProbedRuntime[],
): Promise<DoctorCheck[]> {
  const { fetchSignedChain, hostPlatform, parseReference, verifyImage } = await import('@dangerzone-image/core');
  const { chooseProxy, registryOrigin } = await import('@dangerzone-image/core/registry');
  const reference = parseReference(`${profile.image}:${profile.tag}`);
  const options = { signal: surroundings.signal };
  const checks: DoctorCheck[] = [];
  try {
    const source = await openSource(surroundings, profile);
    const digest = await source.resolve(reference, options);
    const proxy = chooseProxy(registryOrigin(reference.registry), surroundings.env);
    checks.push(ok('registry', `${source.location} answers${proxy ? `, by the proxy ${proxy.location}` : ''}`));
    const wanted = { platform: hostPlatform(), trust: profile.trust };
    const { chain, signed } = await fetchSignedChain(source, reference, digest, wanted, options);
    const { size } = verifyImage(profile.image, chain, signed);
    checks.push(ok('image', `${digest} is offered, signed, and has ${formatBytes(size)}`));
    return [...checks, ...runtimes.flatMap((runtime) => checkSpace(runtime, size))];
  } catch (error) {
    surroundings.signal.throwIfAborted();
    return [...checks, problem(checks.length === 0 ? 'registry' : 'image', reasonOf(error))];
  }
}

function checkSpace({ name, endpoint, freeBytes }: ProbedRuntime, needed: number): DoctorCheck[] {
  if (freeBytes === undefined) return [];
  const has = `${name} has ${formatBytes(freeBytes)} free in ${printable(endpoint)}`;
  if (freeBytes >= needed) return [ok('space', has)];
  const suggestions = ['Free some space where this runtime keeps its images.'];
  return [problem('space', { message: `${has}: the image needs ${formatBytes(needed)}`, suggestions })];
}

const ok = (name: DoctorCheck['name'], message: string): DoctorCheck => ({
  name,
  status: 'ok',
  message,
  suggestions: [],
});

const problem = (name: DoctorCheck['name'], { message, suggestions }: Omit<Reason, 'code'>): DoctorCheck => ({
  name,
  status: 'problem',
  message,
  suggestions,
});
