import type { Decision } from '../decision/decide.ts';
import { CodedError } from '../errors/coded-error.ts';
import { stableName } from './installed-image.ts';
import type { Observation } from './observe.ts';
import type { VerbContext } from './verb-context.ts';

const UPGRADE = 'When online: dangerzone-image upgrade';
const LOAD = 'From another machine: dangerzone-image load-archive FILE';

/** Why there is nothing to run and nothing was done about it, and the ways out (rows 2, 10, 11 and 12). */
export function noUsableImage(
  { profile }: VerbContext,
  { bundled, failure }: Observation,
  { row, reason }: Decision,
): CodedError {
  const name = stableName(profile);
  const details = { row, reason };
  const because = failure instanceof Error ? `; the registry was no help: ${failure.message}` : '';
  if (reason === 'unidentified') {
    const message = `${name} cannot be verified: the runtime has an image of that name, and nothing that is stored here says what it is`;
    const suggestions = ['It is left where it is. Put a verified one in its place: dangerzone-image upgrade'];
    return new CodedError('IMAGE_NOT_VERIFIED', message, { suggestions, details });
  }
  if (reason === 'bundled-below-floor') {
    const message = `no image of ${name} is installed, and only a newer one than the bundled ${bundled?.image.digest} may be: newer ones were accepted here before${because}`;
    const byForce = 'To install the bundled one all the same: dangerzone-image auto --force';
    const suggestions = [UPGRADE, LOAD, ...(row === 11 ? [byForce] : [])];
    return new CodedError('ROLLBACK_REFUSED', message, { suggestions, details });
  }
  const message = `there is no image: ${name} is not installed, and none came with the application${because}`;
  return new CodedError('IMAGE_NOT_INSTALLED', message, { suggestions: [UPGRADE, LOAD], details });
}
