import { parentPort } from "node:worker_threads";
import { startLocalAws } from "@binlog-router/local-aws";

/** Runs the stand-ins in a thread, so that the measured client has its own thread to itself. */
const aws = await startLocalAws();
if (parentPort === null) throw new Error("started as a worker");
parentPort.postMessage(aws.environment(), []);
