/**
 * How often a write to the reader's item is attempted. A running reader writes about once a second,
 * possibly between the load and the write.
 */
export const TRIES = 20;

export const WRITTEN_MEANWHILE =
  "the reader wrote its offset at the same moment in each attempt: run this command again";
