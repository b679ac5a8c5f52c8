import { EventEmitter } from 'node:events';
import type { CodedError } from '@dangerzone-image/core/errors';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { listenForInterruption } from './interruption.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function listen() {
  const process = new EventEmitter();
  const seen: string[] = [];
  const interruption = listenForInterruption(process, {
    onInterrupt: ({ code }) => seen.push(`interrupt ${code}`),
    onDeadline: ({ code }) => seen.push(`deadline ${code}`),
  });
  return { process, seen, interruption };
}

describe('listenForInterruption', () => {
  it('tells the verb to stop, with the error to end with as the reason', () => {
    const { process, interruption } = listen();
    process.emit('SIGTERM', 'SIGTERM');
    expect((interruption.signal.reason as CodedError).code).toBe('TERMINATED');
  });

  it('waits less than a second for the verb', () => {
    const { process, seen } = listen();
    process.emit('SIGINT', 'SIGINT');
    expect(seen).toEqual(['interrupt INTERRUPTED']);
    vi.advanceTimersByTime(999);
    expect(seen).toEqual(['interrupt INTERRUPTED', 'deadline INTERRUPTED']);
  });

  it('does not wait when the user asks again', () => {
    const { process, seen } = listen();
    process.emit('SIGINT', 'SIGINT');
    process.emit('SIGINT', 'SIGINT');
    expect(seen).toEqual(['interrupt INTERRUPTED', 'deadline INTERRUPTED']);
  });

  it('leaves the process to others when the verb is done', () => {
    const { process, seen, interruption } = listen();
    process.emit('SIGINT', 'SIGINT');
    interruption.stop();
    vi.advanceTimersByTime(2000);
    expect(seen).toEqual(['interrupt INTERRUPTED']);
    expect(process.listenerCount('SIGINT') + process.listenerCount('SIGTERM')).toBe(0);
  });
});
