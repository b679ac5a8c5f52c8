import { readLedger } from '../ledger/ledger.ts';
import { guardRuntime } from '../runtime/guard-runtime.ts';
import { verifyInstalled } from './installed-image.ts';
import type { VerifyLocalResult } from './results.ts';
import type { LocalContext } from './verb-context.ts';

/** Verifies what the engine has now against what is stored here. No network, no rollback rule, nothing written. */
export async function verifyLocal(given: LocalContext): Promise<VerifyLocalResult> {
  const context = { ...given, runtime: guardRuntime(given.runtime) };
  const { ledger, notices } = await readLedger(context.state, context.profile, { readOnly: true });
  for (const message of notices) context.report?.({ type: 'notice', message });
  const { facts, signed } = await verifyInstalled(context, ledger.releases);
  noteReplacedLog(context, signed.verdicts);
  return { verb: 'verify-local', status: 'verified', image: facts, signatures: signed.verdicts };
}

function noteReplacedLog({ profile, report }: LocalContext, verdicts: VerifyLocalResult['signatures']): void {
  const replaced = new Set(profile.replacedLogs.map(({ id }) => id));
  if (!verdicts.some((verdict) => verdict.verdict === 'accepted' && verdict.log && replaced.has(verdict.log.id))) return;
  report?.({ type: 'notice', message: 'The stored signature was logged under the built-in log key, which still counts here.' });
}
