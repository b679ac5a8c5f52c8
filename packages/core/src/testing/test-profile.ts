import type { Profile } from '../profile/profile.ts';
import type { Trust } from '../trust/trust.ts';

/** A profile that says nothing but whom it trusts about which image. */
export function testProfile(trust: Trust): Profile {
  return {
    name: 'test',
    isBuiltIn: false,
    image: trust.image,
    tag: 'latest',
    trust,
    floor: {},
    freshnessDays: 60,
    mirrors: [],
    replacedLogs: [],
    notices: [],
  };
}
