import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { CONTEXT_KEY, deployable, loadConfig } from "../config/load.ts";
import { routerStack } from "./stack/router-stack.ts";

const app = new App();
const context: unknown = app.node.tryGetContext(CONTEXT_KEY);
for (const object of Array.isArray(context) ? context : [context]) {
  routerStack(app, deployable(loadConfig(object)));
}
// What the pack finds and nobody has acknowledged with a reason ends the synthesis.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
