/**
 * How long route waits here for each answer of a queue or a table, milliseconds. Deployed, it gives
 * a queue up after a second at most, so that others need not wait. Here all queues and tables are
 * one process on a machine with other work: it is silent for all of them, and none of them is in
 * trouble.
 */
export const PATIENCE_MS = 5000;
