import { unlink } from 'node:fs/promises';
import { type Digest, hexOf } from '@dangerzone-image/core';
import type { ArchivePlan } from './archive-plan.ts';
import { type OpenFile, openOwnFile } from './own-file.ts';

/** How much of each layer is in the unfinished file. Only a hint: the bytes are hashed again, whoever wrote it. */
export interface PartJournal {
  bytesOf(digest: Digest): number;
  record(digest: Digest, bytes: number): Promise<void>;
  close(): Promise<void>;
  /** For when the file is finished. */
  remove(): Promise<void>;
}

const COUNT_DIGITS = 16;

/** One line for the plan and one for each layer, all of fixed length: a count is written in place, in one call. */
export async function openJournal(
  path: string,
  plan: ArchivePlan,
  { isNew, openFile }: { readonly isNew: boolean; readonly openFile?: OpenFile | undefined },
): Promise<PartJournal> {
  const file = await openOwnFile(path, openFile);
  const head = `archive ${plan.id}\n`;
  const line = ({ digest }: { digest: Digest }, bytes: number) =>
    `${hexOf(digest)} ${`${bytes}`.padStart(COUNT_DIGITS, '0')}\n`;
  const empty = head + plan.layers.map((layer) => line(layer, 0)).join('');
  const lineLength = line({ digest: plan.id }, 0).length;
  const counts = new Map<Digest, number>();
  try {
    const buffer = Buffer.alloc(empty.length + 1);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, 0);
    const text = buffer.toString('latin1', 0, bytesRead);
    plan.layers.forEach((layer, position) => {
      const start = head.length + position * lineLength;
      const count = Number(/^\d+$/.exec(text.slice(start + lineLength - 1 - COUNT_DIGITS, start + lineLength - 1)));
      if (count <= layer.size && text.slice(start, start + lineLength) === line(layer, count))
        counts.set(layer.digest, count);
    });
    const isOurs = text.length === empty.length && text.startsWith(head) && counts.size === plan.layers.length;
    if (isNew || !isOurs) {
      counts.clear();
      await file.truncate(0);
      await file.write(empty, 0);
    }
  } catch (error) {
    await file.close();
    throw error;
  }
  const positions = new Map(plan.layers.map(({ digest }, position) => [digest, position]));
  return {
    bytesOf: (digest) => counts.get(digest) ?? 0,
    async record(digest, bytes) {
      const position = positions.get(digest);
      if (position === undefined) throw new TypeError(`layer ${digest} is not in the plan`);
      await file.write(line({ digest }, bytes), head.length + position * lineLength);
    },
    close: () => file.close(),
    remove: () => unlink(path),
  };
}
