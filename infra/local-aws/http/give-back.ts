/**
 * Frees the memory in which a buffer is, with everything else in it. V8 marks its whole heap after
 * every few dozen megabytes outside it, unless they are freed before.
 */
export function giveBack({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer) buffer.transfer(0);
}
