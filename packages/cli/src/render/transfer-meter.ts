import type { Movement } from './describe-event.ts';
import { formatBytes, formatDuration } from './format-amount.ts';

const verbs = { download: 'Downloaded', read: 'Checked', transfer: 'Handed over' } as const;

/** Rate and time left of bytes on their way, from the first on. */
export class TransferMeter {
  readonly #now: () => number;
  #start: { readonly type: Movement['type']; readonly time: number; readonly bytes: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  describe({ type, bytes, total }: Movement): string {
    if (this.#start?.type !== type) this.#start = { type, time: this.#now(), bytes };
    const percent = total > 0 ? Math.floor((bytes / total) * 100) : 100;
    return `${verbs[type]} ${formatBytes(bytes)} of ${formatBytes(total)} (${percent} %)${this.#pace(this.#start, bytes, total)}`;
  }

  #pace(start: { time: number; bytes: number }, bytes: number, total: number): string {
    const elapsed = this.#now() - start.time;
    const moved = bytes - start.bytes;
    if (elapsed <= 0 || moved <= 0) return '';
    const perMillisecond = moved / elapsed;
    const rate = `, ${formatBytes(Math.round(perMillisecond * 1000))}/s`;
    return bytes >= total ? rate : `${rate}, ${formatDuration((total - bytes) / perMillisecond)} left`;
  }
}
