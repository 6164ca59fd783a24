/**
 * How long route waits here for each answer of a queue or a table, milliseconds. In the cloud, it
 * gives up on a queue after a second at most, so that other queues need not wait. Here all queues
 * and tables are one process on a machine with other work: when that process is slow, all of them
 * are, and no queue is in trouble.
 */
export const PATIENCE_MS = 5000;
