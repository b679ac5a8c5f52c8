import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

const LOOK_EVERY_MS = 50;

/** The most that a folder's files took on disk at any moment, as far as looking now and then sees it. */
export function watchFolder(folder: string): { end(): number } {
  let highest = 0;
  const look = () => {
    highest = Math.max(highest, bytesIn(folder));
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  return {
    end() {
      clearInterval(timer);
      look();
      return highest;
    },
  };
}

function bytesIn(folder: string): number {
  try {
    return readdirSync(folder, { recursive: true })
      .map((name) => sizeOf(join(folder, String(name))))
      .reduce((sum, bytes) => sum + bytes, 0);
  } catch {
    return 0; // it went while it was read
  }
}

function sizeOf(path: string): number {
  const facts = lstatSync(path, { throwIfNoEntry: false });
  return facts?.isFile() ? facts.blocks * 512 : 0;
}
