import { join } from "node:path";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { CONTEXT_KEY, deployable, loadConfig } from "../config/load.ts";
import { bundleParts } from "./bundles/bundle.ts";
import { REPOSITORY_ROOT } from "./stack/resources/repository-root.ts";
import { routerStack } from "./stack/router-stack.ts";

const app = new App();
const context: unknown = app.node.tryGetContext(CONTEXT_KEY);
const configurations = [context].flat().map((object) => deployable(loadConfig(object)));
const code = bundleParts(join(REPOSITORY_ROOT, "dist", "code"));
for (const config of configurations) routerStack(app, config, code);
// A finding of the pack that is not acknowledged with a reason ends the synthesis.
Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
