import type { ProgressEvent } from '@dangerzone-image/core';

/** A stream as progress needs it: stderr, or a test's list of texts. */
export interface LineWriter {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

/** Shows what goes on. `end` leaves the cursor on an empty line, for the result that follows. */
export interface Progress {
  report(event: ProgressEvent): void;
  end(): void;
}
