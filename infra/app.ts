import { App } from "aws-cdk-lib";
import { deployable, loadConfig } from "./config/load.ts";
import { routerStack } from "./stack/router-stack.ts";

/** The object in cdk.json's context, or a list of them: one stack for each source. */
const CONTEXT_KEY = "binlog-router";

const app = new App();
const context: unknown = app.node.tryGetContext(CONTEXT_KEY);
for (const object of Array.isArray(context) ? context : [context]) {
  routerStack(app, deployable(loadConfig(object)));
}
