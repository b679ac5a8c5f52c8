import type { ProgressEvent, Step } from '@dangerzone-image/core';
import { formatBytes } from './format-amount.ts';
import { note } from './image-lines.ts';

const steps: Readonly<Record<Step, string>> = {
  recover: 'Looking for what an earlier run left behind',
  resolve: 'Asking which image is offered',
  verify: 'Verifying signatures',
  compare: 'Comparing with what was accepted before',
  'check-space': 'Checking free disk space',
  'store-evidence': 'Storing signatures',
  download: 'Downloading the image',
  transfer: 'Handing the image to the runtime',
  identify: 'Checking what the runtime received',
  tag: 'Giving the image its name',
  commit: 'Recording the release',
  'write-log-index': 'Recording the log index',
  'remove-older': 'Removing older images of this name',
};

/** Bytes on their way: many of them, and the line depends on where it is shown. */
export type Movement = Extract<ProgressEvent, { bytes: number; total: number }>;

export function isMovement(event: ProgressEvent): event is Movement {
  return event.type === 'download' || event.type === 'read' || event.type === 'transfer';
}

/** The line for an event. */
export function describeEvent(event: Exclude<ProgressEvent, Movement>): string {
  switch (event.type) {
    case 'step':
      return `${steps[event.step]} …`;
    case 'size':
      return `${event.isHere ? 'To load' : 'To download'}: ${formatBytes(event.bytes)}${event.freeBytes === undefined ? '' : ` (${formatBytes(event.freeBytes)} free)`}`;
    case 'hash':
      return `Read back from the runtime and hashed: ${formatBytes(event.bytes)} …`;
    case 'waiting':
      return `Waiting for ${event.holder} …`;
    case 'notice':
      return note(event.message);
    case 'decision':
      return `Decided: ${event.message}`;
  }
}
