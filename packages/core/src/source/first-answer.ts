import { CodedError, codeOf } from '../errors/coded-error.ts';
import { type ErrorCode, exitCodes } from '../errors/error-code.ts';

/** Asks one place after another until one gives an answer; "not found" is said only when all say so. */
export async function firstAnswer<Place, Answer>(
  places: readonly Place[],
  ask: (place: Place) => Promise<Answer>,
): Promise<Answer> {
  const failures: Error[] = [];
  for (const place of places) {
    try {
      return await ask(place);
    } catch (error) {
      failures.push(requireFault(error));
    }
  }
  throw allFailed(failures);
}

// A source may be down, deny, lie or send rubbish: another one may do better. Usage, an abort and our bugs are no such case.
const FAULT_FAMILIES: ReadonlySet<number> = new Set([
  exitCodes.REGISTRY_UNREACHABLE,
  exitCodes.MANIFEST_INVALID,
  exitCodes.DIGEST_MISMATCH,
]);

/** Lets pass the faults of a source, after which another may be asked; throws everything else. */
export function requireFault(error: unknown): Error {
  const code = codeOf(error);
  if (code !== undefined && FAULT_FAMILIES.has(exitCodes[code])) return error as Error;
  throw error;
}

/** One error for all, with each one's reason. */
export function allFailed(failures: readonly Error[]): Error {
  const telling = failures.find((error) => codeOf(error) !== 'IMAGE_NOT_FOUND') ?? failures[0];
  if (failures.length === 1 || !telling) return telling as Error;
  const suggestions = 'suggestions' in telling ? (telling.suggestions as readonly string[]) : [];
  return new CodedError(
    codeOf(telling) as ErrorCode,
    `no source has an answer: ${failures.map(({ message }) => message).join('; ')}`,
    {
      suggestions,
      cause: telling,
    },
  );
}
