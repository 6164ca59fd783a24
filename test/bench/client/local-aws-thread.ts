import { parentPort } from "node:worker_threads";
import { startLocalAws } from "../../../infra/local-aws/start-local-aws.ts";

/** The stand-ins in a thread of their own, so that the client under measurement has its thread to itself. */
const aws = await startLocalAws();
if (parentPort === null) throw new Error("started as a worker");
parentPort.postMessage(aws.environment(), []);
