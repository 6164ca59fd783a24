/** The program of `synthesizeApart`'s thread: it answers with the template of its configuration. */
import { parentPort, workerData } from "node:worker_threads";
import type { DeployableConfiguration } from "../../../config/configuration.ts";
import { synthesize } from "./synthesize.ts";

parentPort?.postMessage(synthesize(workerData as DeployableConfiguration), []);
