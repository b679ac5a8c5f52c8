import { printable } from '../../errors/printable.ts';

/** What a refusal can be about: the contract's claims, and what must hold before any of them is looked at. */
export type ClaimName =
  | 'repository'
  | 'workflow'
  | 'branch'
  | 'tag'
  | 'commit'
  | 'builder'
  | 'certificate'
  | 'predicate'
  | 'issuer'
  | 'build type'
  | 'runner'
  | 'trigger'
  | 'ref';

/** Thrown inside the judgement of one attestation, caught where its verdict is made. */
export class ProvenanceRefusal extends Error {
  readonly claim: ClaimName;
  readonly expected: string;
  /** From the attestation, unescaped; undefined where it says nothing. */
  readonly found: string | undefined;

  constructor(claim: ClaimName, expected: string, found: string | undefined, cause?: unknown) {
    super(`${claim}: expected ${expected}, found ${printable(found)}`, { cause });
    this.claim = claim;
    this.expected = expected;
    this.found = found;
  }
}
