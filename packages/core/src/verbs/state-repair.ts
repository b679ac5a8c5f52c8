import { CodedError, codeOf } from '../errors/coded-error.ts';
import { carryOutRepair } from '../ledger/carry-out-repair.ts';
import { inspectState } from '../ledger/inspect-state.ts';
import { planRepair, type RepairPlan } from '../ledger/plan-repair.ts';
import type { Release } from '../ledger/release.ts';
import { nodeStateFs } from '../ledger/state-fs.ts';
import type { StateInspection } from '../ledger/state-inspection.ts';
import { withLock } from '../ledger/with-lock.ts';
import type { ContainerRuntime } from '../runtime/container-runtime.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import type { StateRepairResult } from './state-results.ts';
import { installedReleases } from './state-session.ts';
import type { VerbContext } from './verb-context.ts';

export interface RepairContext extends VerbContext {
  /** Asked for only when a ledger has to be made from what an engine has; an error where none answers. */
  readonly openRuntime?: () => Promise<ContainerRuntime>;
  readonly allowRemoteEngine?: boolean;
}

export interface RepairOptions {
  /** Shows what it would do, and does nothing. */
  readonly dryRun?: boolean;
  /** Called with the whole plan before anything is changed; throws where the user does not want it. */
  readonly consent?: (planned: StateRepairResult) => Promise<void>;
}

/**
 * Mends what is damaged from what verifies, keeps what was damaged aside, and records it. The plan is made without the
 * lock, since a person may think about it for long, and once more under it: what is done is what was shown.
 */
export async function repairState(
  context: RepairContext,
  { dryRun = false, consent }: RepairOptions = {},
): Promise<StateRepairResult> {
  const { state, profile, signal, now = () => new Date(), report, lockTimeoutMs = 60_000 } = context;
  const time = now();
  const { plan, inspection, notices } = await plans(context, time);
  const planned = resultOf(context, 'planned', plan, notices);
  requireRepairable(inspection, plan);
  if (plan.actions.length === 0) return { ...planned, status: 'nothing-to-do' };
  if (dryRun) return planned;
  await consent?.(planned);
  const onWait = (holder: string) => report?.({ type: 'waiting', holder });
  const lock = { verb: 'state repair', now, timeoutMs: lockTimeoutMs, onWait, ...(signal && { signal }) };
  return withLock(state, lock, async () => {
    const again = await plans(context, time);
    requireSame(plan, again.plan);
    await carryOutRepair(state, profile, again.inspection, again.plan, nodeStateFs);
    return resultOf(context, 'repaired', again.plan, again.notices);
  });
}

interface Planned {
  readonly plan: RepairPlan;
  readonly inspection: StateInspection;
  readonly notices: readonly string[];
}

async function plans(context: RepairContext, time: Date): Promise<Planned> {
  const { state, profile } = context;
  const inspection = await inspectState(state, profile);
  const plan = planRepair(profile, inspection, [], time);
  const isFromScratch = plan.ledger !== undefined && inspection.ledger.state !== 'sound';
  if (!isFromScratch) return { plan, inspection, notices: [] };
  const { releases, notices } = await findReleases(context);
  return { plan: planRepair(profile, inspection, releases, time), inspection, notices };
}

/** The release that an engine has and that verifies. Without an engine, a repair can do without; the user is told. */
async function findReleases(
  context: RepairContext,
): Promise<{ readonly releases: readonly Release[]; readonly notices: readonly string[] }> {
  const { openRuntime, allowRemoteEngine = false } = context;
  if (!openRuntime) return { releases: [], notices: [] };
  try {
    const runtime = guardRuntime(await openRuntime(), { ...context, allowRemoteEngine });
    return { releases: await installedReleases({ ...context, runtime }), notices: [] };
  } catch (error) {
    if (codeOf(error) !== 'RUNTIME_UNAVAILABLE') throw error;
    const notice = `What is installed is not taken over until an engine answers (${(error as Error).message}).`;
    return { releases: [], notices: [notice] };
  }
}

/** What only its owner can mend stands before everything else: a repair would build on it. */
function requireRepairable({ path }: StateInspection, { remaining }: RepairPlan): void {
  const byHand = remaining.filter(({ mendedBy }) => mendedBy === 'hand');
  if (byHand.length === 0) return;
  throw new CodedError('STATE_INVALID', byHand.map(({ message }) => message).join('; '), {
    suggestions: byHand.map(({ remedy }) => remedy),
    details: { path, problems: byHand },
  });
}

function requireSame(shown: RepairPlan, now: RepairPlan): void {
  if (JSON.stringify(shown.actions) === JSON.stringify(now.actions)) return;
  throw new CodedError('STATE_BUSY', 'the state changed since it was looked at: nothing was repaired', {
    suggestions: ['Run the same command again.'],
  });
}

function resultOf(
  { state, profile }: RepairContext,
  status: StateRepairResult['status'],
  { actions, remaining }: RepairPlan,
  notices: readonly string[],
): StateRepairResult {
  return { verb: 'state repair', status, folder: state.path, image: profile.image, actions, remaining, notices };
}
