import * as v from 'valibot';

/** A time as RFC 3339 has it. The pattern alone lets offsets pass that no `Date` can be made from. */
export const timestamp = v.pipe(
  v.string(),
  v.isoTimestamp('expected an RFC 3339 time'),
  v.transform((text) => new Date(text)),
  v.check((time) => !Number.isNaN(time.getTime()), 'expected an RFC 3339 time'),
);
