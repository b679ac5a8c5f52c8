/**
 * Frees a chunk that came out of a socket and is done with. The collector sees chunks late and in bulk: for each GiB it
 * stops the whole program some thirty times, and keeps 60 MB of them meanwhile. Only what is all of its memory is freed:
 * of Buffer's pool, or of a read that was cut in pieces, somebody else may have another part.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && byteLength === buffer.byteLength) buffer.transfer(0);
}
