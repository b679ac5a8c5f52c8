import { CodedError, codeOf } from '../errors/coded-error.ts';
import { type ErrorCode, exitCodes } from '../errors/error-code.ts';
import type { ImageSource } from './image-source.ts';

/** Several sources as one: in order, and where one has no answer the next is asked. */
export function sourceChain(sources: readonly ImageSource[]): ImageSource {
  const [only] = sources;
  if (!only) throw new TypeError('expected at least one source');
  if (sources.length === 1) return only;
  return {
    location: sources.map(({ location }) => location).join(', '),

    async resolve(reference, options) {
      const failures: Error[] = [];
      for (const source of sources) {
        try {
          return await source.resolve(reference, options);
        } catch (error) {
          failures.push(requireFault(error));
        }
      }
      throw allFailed(failures);
    },

    async *fetch(wanted, options) {
      const failures: Error[] = [];
      for (const source of sources) {
        let hasBegun = false;
        try {
          for await (const chunk of source.fetch(wanted, options)) {
            hasBegun = true;
            yield chunk;
          }
          return;
        } catch (error) {
          // What was handed out cannot be taken back: content never comes half from here, half from there.
          if (hasBegun) throw error;
          failures.push(requireFault(error));
        }
      }
      throw allFailed(failures);
    },

    /** "Unsigned" needs every source's word: a look-up that failed is no "none" (design §3, rule 5). */
    async findSignatures(image, digest, options) {
      const failures: Error[] = [];
      for (const source of sources) {
        try {
          const found = await source.findSignatures(image, digest, options);
          if (found.length > 0) return found;
        } catch (error) {
          failures.push(requireFault(error));
        }
      }
      const failed = failures.filter((error) => codeOf(error) !== 'SIGNATURE_MISSING');
      if (failed.length > 0) throw allFailed(failed);
      const [without] = failures;
      if (without) throw without;
      return [];
    },
  };
}

// A source may be down, deny, lie or send rubbish: another one may do better. Usage, an abort and our bugs are no such case.
const FAULT_FAMILIES: ReadonlySet<number> = new Set([
  exitCodes.REGISTRY_UNREACHABLE,
  exitCodes.MANIFEST_INVALID,
  exitCodes.DIGEST_MISMATCH,
]);

function requireFault(error: unknown): Error {
  const code = codeOf(error);
  if (code !== undefined && FAULT_FAMILIES.has(exitCodes[code])) return error as Error;
  throw error;
}

/** "Not found" is said only when all say so; each one's reason is told. */
function allFailed(failures: readonly Error[]): Error {
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
