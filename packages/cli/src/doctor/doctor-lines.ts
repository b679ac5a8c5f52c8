import { next, ok } from '../render/image-lines.ts';
import { runtimeLines } from '../render/runtime-lines.ts';
import type { DoctorResult } from './doctor-result.ts';

export function doctorLines({ runtimes, checks }: DoctorResult): string[] {
  return [
    ...runtimes.flatMap(runtimeLines),
    '',
    ...checks.flatMap(({ name, status, message, suggestions }) => [
      status === 'ok' ? ok(`${name}: ${message}`) : `❌ Problem: ${name}: ${message}`,
      ...suggestions.map(next),
    ]),
  ];
}
