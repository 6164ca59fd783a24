/**
 * How long route waits here for each answer of a queue. Deployed, it gives a queue up after a
 * second at most, so that others need not wait. Here all queues are one process on a machine with
 * other work: it is silent for all of them, and none of them is in trouble.
 */
export const QUEUE_PATIENCE_MS = 5000;
