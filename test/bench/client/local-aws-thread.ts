import { parentPort } from "node:worker_threads";
import { startLocalAws } from "@binlog-router/local-aws";

/**
 * The stand-ins in a thread of their own, so that the client under measurement has its thread to
 * itself.
 */
const aws = await startLocalAws();
if (parentPort === null) throw new Error("started as a worker");
parentPort.postMessage(aws.environment(), []);
