import { codeOf } from '../errors/coded-error.ts';
import { allFailed, firstAnswer, requireFault } from './first-answer.ts';
import type { ImageSource } from './image-source.ts';
import { originsOf } from './origins-of.ts';

/** Several sources as one: in order, and where one has no answer the next is asked. */
export function sourceChain(sources: readonly ImageSource[]): ImageSource {
  const [only] = sources;
  if (!only) throw new TypeError('expected at least one source');
  if (sources.length === 1) return only;
  return {
    location: sources.map(({ location }) => location).join(', '),

    origins: sources.flatMap(originsOf),

    resolve: (reference, options) => firstAnswer(sources, (source) => source.resolve(reference, options)),

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

    findSignatures: (image, digest, options) =>
      firstFound(sources, (source) => source.findSignatures(image, digest, options)),
    findBundles: (image, digest, options) =>
      firstFound(sources, (source) => source.findBundles(image, digest, options)),
    findAttestations: (image, digest, options) =>
      firstFound(sources, (source) => source.findAttestations(image, digest, options)),
  };
}

/** "None" needs every source's word: a look-up that failed is no "none" (design §3, rule 5). */
async function firstFound<Found>(
  sources: readonly ImageSource[],
  find: (source: ImageSource) => Promise<readonly Found[]>,
): Promise<readonly Found[]> {
  const failures: Error[] = [];
  for (const source of sources) {
    try {
      const found = await find(source);
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
}
