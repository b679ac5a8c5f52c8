import type { ProbedRuntime } from '../runtime/probe-runtimes.ts';

/** What was looked at beside the runtimes. */
export interface DoctorCheck {
  readonly name: 'runtime' | 'profile' | 'plugins' | 'state' | 'clock' | 'registry' | 'image' | 'space';
  readonly status: 'ok' | 'problem';
  readonly message: string;
  /** What to do, a line each. */
  readonly suggestions: readonly string[];
}

export interface DoctorResult {
  readonly verb: 'doctor';
  readonly status: 'ok' | 'problems';
  readonly runtimes: readonly ProbedRuntime[];
  readonly checks: readonly DoctorCheck[];
}
