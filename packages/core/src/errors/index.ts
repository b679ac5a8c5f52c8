// Its own entry point, so that who only reports an error does not load the registry client and the cryptography.
export { CodedError, codeOf } from './coded-error.ts';
export { type ErrorCode, exitCodeOf, exitCodes } from './error-code.ts';
export { escapeControls, printable } from './printable.ts';
