import { CodedError } from '../errors/coded-error.ts';
import { carryOutReset } from '../ledger/carry-out-reset.ts';
import { finishReset } from '../ledger/finish-reset.ts';
import { inspectState } from '../ledger/inspect-state.ts';
import { planReset, type ResetPlan } from '../ledger/plan-reset.ts';
import { nodeStateFs } from '../ledger/state-fs.ts';
import type { StateInspection } from '../ledger/state-inspection.ts';
import { withLock } from '../ledger/with-lock.ts';
import type { StateResetResult } from './state-results.ts';
import type { VerbContext } from './verb-context.ts';

export interface ResetOptions {
  readonly dryRun?: boolean;
  /** Called with the whole plan before anything is changed; throws where the user does not want it. */
  readonly consent?: (planned: StateResetResult) => Promise<void>;
}

/** Forgets everything about this image, as if it had never been installed; what is forgotten is put away, not deleted. */
export async function resetState(
  context: VerbContext,
  { dryRun = false, consent }: ResetOptions = {},
): Promise<StateResetResult> {
  const { state, signal, now = () => new Date(), report, lockTimeoutMs = 60_000 } = context;
  const time = now();
  const { inspection, plan } = await plans(context, time);
  const planned = resultOf(context, 'planned', inspection, plan);
  if (!plan) return { ...planned, status: 'nothing-to-do' };
  if (dryRun) return planned;
  await consent?.(planned);
  const onWait = (holder: string) => report?.({ type: 'waiting', holder });
  const lock = { verb: 'state reset', now, timeoutMs: lockTimeoutMs, onWait, ...(signal && { signal }) };
  return withLock(state, lock, async () => {
    await finishUnfinished(context);
    // What came meanwhile is put away too: the backup is complete.
    const again = await plans(context, time);
    if (again.plan) await carryOutReset(state, again.inspection, again.plan, nodeStateFs);
    return resultOf(context, 'reset', again.inspection, again.plan);
  });
}

/** A reset that was killed goes first, or its backup would be taken for state. */
async function finishUnfinished({ state, profile }: VerbContext): Promise<void> {
  const { ledger } = await inspectState(state, profile);
  if (ledger.state === 'sound') await finishReset(state, ledger.ledger, nodeStateFs);
}

async function plans({ state, profile }: VerbContext, time: Date) {
  const inspection = await inspectState(state, profile);
  requireResettable(inspection);
  return { inspection, plan: planReset(profile, inspection, time) };
}

/** Another image's ledger, or a newer version's, is not this profile's to put away; nor is a folder that is not private. */
function requireResettable({ ledger, problems, path }: StateInspection): void {
  const foreign = ledger.state === 'foreign' ? [ledger.why] : [];
  const unsafe = problems.map(({ message, remedy }) => ({ message, suggestions: [remedy] }));
  const [first, ...more] = [...unsafe, ...foreign];
  if (!first) return;
  throw new CodedError('STATE_INVALID', [first, ...more].map(({ message }) => message).join('; '), {
    suggestions: [first, ...more].flatMap(({ suggestions }) => suggestions),
    details: { path },
  });
}

function resultOf(
  { state, profile }: VerbContext,
  status: StateResetResult['status'],
  { ledger, floorFile, others }: StateInspection,
  plan: ResetPlan | undefined,
): StateResetResult {
  const known = ledger.state === 'sound' ? ledger.ledger : undefined;
  const floors: Record<string, number> = { ...known?.floors };
  const { dangerzoneLogId: log } = profile;
  if (log !== undefined && floorFile.state === 'sound') floors[log] = Math.max(floorFile.index, floors[log] ?? 0);
  return {
    verb: 'state reset',
    status,
    folder: state.path,
    image: profile.image,
    ...(plan && { backup: plan.to }),
    names: plan ? [...(ledger.state === 'missing' ? [] : ['ledger.json']), ...plan.names] : [],
    floors: Object.entries(floors).map(([id, before]) => {
      const after = profile.floor[id];
      return { log: id, before, ...(after !== undefined && { after }) };
    }),
    releases: known?.releases.length ?? 0,
    notices: [
      ...(log === undefined ? [] : [DANGERZONE]),
      ...(others.length > 0
        ? [`Left where they are: ${others.length} other file(s) and folder(s) that are not this tool’s.`]
        : []),
    ],
  };
}

const DANGERZONE =
  'This folder is Dangerzone’s too: it will find no signature of its image, has to fetch and verify them again, and only the floor that is built into it counts. Its settings and its image are not touched.';
