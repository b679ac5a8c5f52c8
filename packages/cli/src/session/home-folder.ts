import { homedir } from 'node:os';

/** Without HOME and without an entry of its user the system knows none, and says so by throwing. */
export function homeFolder(): string | undefined {
  try {
    return homedir();
  } catch {
    return undefined;
  }
}
