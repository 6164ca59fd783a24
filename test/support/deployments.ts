import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteQueueCommand } from "@aws-sdk/client-sqs";
import { environmentQueues, rawDeadLetterQueueName } from "../../config/queues.ts";
import type { StackFile } from "../../operator/shared/stack-file.ts";
import type { RoutingInput } from "../../config/routing.ts";
import { synthesize } from "../../infra/local/template/synthesize.ts";
import { rawQueueName } from "../../wire/names.ts";
import { exampleConfiguration, exampleObject } from "./example-stack.ts";
import { SOURCE } from "./functions/frames.ts";
import { rawEvent, retry, route } from "./functions/invoke.ts";
import { Stage } from "./functions/stage.ts";
import { binlogRouter, stackFileOf, type Ended } from "./operator.ts";

/** The part of the configuration that these deployments change. */
type Changed = Pick<RoutingInput, "environments" | "subscribers">;

/**
 * A stage whose queues and functions follow deployments of the CDK app: each does to the queues
 * what CloudFormation would, by the difference of two templates' queues, and gives the functions
 * the new configuration. Disposing ends all of it.
 */
export class Deployments implements AsyncDisposable {
  readonly stage: Stage;
  readonly #directory: string;
  #deployed: Changed;

  private constructor(stage: Stage, directory: string, first: Changed) {
    this.stage = stage;
    this.#directory = directory;
    this.#deployed = first;
  }

  static async start(first: Changed): Promise<Deployments> {
    const stage = await Stage.start(first);
    const deployments = new Deployments(
      stage,
      await mkdtemp(join(tmpdir(), "deployments-")),
      first,
    );
    for (const name of [rawQueueName(SOURCE), rawDeadLetterQueueName(SOURCE)]) {
      await stage.createQueue(name);
    }
    for (const { deadLetterQueueName } of environmentQueues(exampleConfiguration({ ...first }))) {
      await stage.createQueue(deadLetterQueueName);
    }
    return deployments;
  }

  /** What `plan` says before a deployment. */
  async plan(changed: Changed): Promise<Ended> {
    const config = join(this.#directory, "config.json");
    const template = join(this.#directory, "deployed.json");
    await writeFile(config, JSON.stringify({ ...exampleObject(), ...changed }));
    const deployed = synthesize(exampleConfiguration({ ...this.#deployed }));
    await writeFile(template, JSON.stringify(deployed.template));
    return binlogRouter(
      ["plan", "--config", config, "--template", template],
      this.stage.aws.environment(),
    );
  }

  async deploy(changed: Changed): Promise<void> {
    const [before, after] = [queueNames(this.#deployed), queueNames(changed)];
    for (const name of [...before].filter((one) => !after.has(one))) {
      await this.stage.clients.sqs.send(
        new DeleteQueueCommand({ QueueUrl: this.stage.queueUrl(name) }),
      );
    }
    // SQS takes the name of a deleted queue again after a minute.
    this.stage.clock.advance(61_000);
    for (const name of [...after].filter((one) => !before.has(one))) {
      await this.stage.createQueue(name);
    }
    this.stage.deploy(changed);
    this.#deployed = changed;
  }

  /** Has the route function of the deployed version handle a frame. */
  async route(frame: string): Promise<void> {
    await route(this.stage.runtimeWith(this.stage.clients), rawEvent([frame]));
  }

  async retry(): Promise<void> {
    await retry(this.stage.runtimeWith(this.stage.clients));
  }

  /** `binlog-router failures …` */
  failures(...args: string[]): Promise<Ended> {
    return this.#command(stackFileOf(this.stage.aws), "failures", ...args);
  }

  /** `binlog-router offsets …` */
  offsets(tables: StackFile["tables"], ...args: string[]): Promise<Ended> {
    return this.#command(stackFileOf(this.stage.aws, tables), "offsets", ...args);
  }

  async #command(stack: StackFile, ...args: string[]): Promise<Ended> {
    const file = join(this.#directory, "stack.json");
    await writeFile(file, JSON.stringify(stack));
    return binlogRouter([...args, "--local", file]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true });
    await this.stage[Symbol.asyncDispose]();
  }
}

/**
 * The names of all environment queues in the template of a configuration, dead-letter queues
 * included.
 */
function queueNames(changed: Changed): Set<string> {
  const { Resources } = synthesize(exampleConfiguration({ ...changed })).template;
  const names = Object.values(Resources).flatMap(({ Type, Properties }) =>
    Type === "AWS::SQS::Queue" ? [String(Properties?.["QueueName"])] : [],
  );
  return new Set(names);
}
