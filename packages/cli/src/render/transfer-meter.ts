import { formatBytes, formatDuration } from './format-amount.ts';

/** Rate and time left of a transfer, from its first byte on. */
export class TransferMeter {
  readonly #now: () => number;
  #start: { readonly time: number; readonly bytes: number } | undefined;

  constructor(now: () => number) {
    this.#now = now;
  }

  describe({ bytes, total }: { readonly bytes: number; readonly total: number }): string {
    this.#start ??= { time: this.#now(), bytes };
    const percent = total > 0 ? Math.floor((bytes / total) * 100) : 100;
    return `Downloading ${formatBytes(bytes)} of ${formatBytes(total)} (${percent} %)${this.#pace(this.#start, bytes, total)}`;
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
