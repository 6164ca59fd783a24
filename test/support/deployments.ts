import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DeleteQueueCommand, TagQueueCommand } from "@aws-sdk/client-sqs";
import type { Fault } from "@binlog-router/local-aws";
import { environmentQueues, rawDeadLetterQueueName } from "../../config/queues.ts";
import { deployedOf, type DeployedQueue } from "../../operator/shared/deployed.ts";
import { waitingIn } from "../../operator/shared/messages-in.ts";
import type { StackFile } from "../../operator/shared/stack-file.ts";
import type { RoutingInput } from "../../config/routing.ts";
import { synthesize } from "../../infra/local/template/synthesize.ts";
import { rawQueueName, SOURCE_TAG } from "../../wire/names.ts";
import { exampleConfiguration, exampleObject } from "./example-stack.ts";
import { SOURCE } from "./functions/frames.ts";
import { rawEvent, retry, route } from "./functions/invoke.ts";
import { Stage } from "./functions/stage.ts";
import { binlogRouter, stackFileOf, type Ended } from "./operator.ts";

/** The parts of the configuration that these deployments change. */
type Changed = Pick<RoutingInput, "environments" | "subscribers">;

/**
 * A stage that follows deployments of the CDK app. Each deployment creates and deletes queues as
 * CloudFormation would, from the difference between two templates, and gives the functions the new
 * configuration. Disposing ends all of it.
 */
export class Deployments implements AsyncDisposable {
  readonly stage: Stage;
  readonly #directory: string;
  #deployed: Changed;
  /** Queues that no stack contains any more, with the fault that denies the functions to send. */
  readonly #leftBehind = new Map<string, Fault>();

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
    for (const pair of environmentQueues(exampleConfiguration({ ...first }))) {
      await tag(stage, pair.queueName);
      await createTagged(stage, pair.deadLetterQueueName);
    }
    return deployments;
  }

  /** Runs `binlog-router plan` for a changed configuration. */
  async plan(changed: Changed): Promise<Ended> {
    const config = join(this.#directory, "config.json");
    const template = await this.#deployedTemplate();
    await writeFile(config, JSON.stringify({ ...exampleObject(), ...changed }));
    return binlogRouter(
      ["plan", "--config", config, "--template", template],
      this.stage.aws.environment(),
    );
  }

  /**
   * Deploys a changed configuration. Like CloudFormation, throws when a new queue exists already.
   */
  async deploy(changed: Changed): Promise<void> {
    const [before, after] = [deployedQueues(this.#deployed), deployedQueues(changed)];
    for (const [name, { isKept }] of before) {
      if (after.has(name)) continue;
      if (isKept) {
        this.#leftBehind.set(name, this.#denySends(name));
      } else {
        await this.stage.clients.sqs.send(
          new DeleteQueueCommand({ QueueUrl: this.stage.queueUrl(name) }),
        );
      }
    }
    // SQS accepts the name of a deleted queue again after a minute.
    this.stage.clock.advance(61_000);
    for (const name of after.keys()) {
      if (before.has(name)) continue;
      if ((await waitingIn(this.stage.clients.sqs, name)) !== "no queue") {
        throw new Error(`${name} already exists`);
      }
      this.#leftBehind.get(name)?.remove();
      await createTagged(this.stage, name);
    }
    this.stage.deploy(changed);
    this.#deployed = changed;
  }

  /** Runs `binlog-router queues …` with the deployed template. */
  async queues(...args: string[]): Promise<Ended> {
    return binlogRouter(
      ["queues", ...args, "--source", SOURCE, "--template", await this.#deployedTemplate()],
      this.stage.aws.environment(),
    );
  }

  /** Denies sends, because the functions' roles allow only the stack's queues. */
  #denySends(resource: string): Fault {
    return this.stage.aws.faults.add({
      service: "sqs",
      action: "SendMessage*",
      resource,
      effect: { kind: "error", code: "AccessDenied", status: 403 },
    });
  }

  async #deployedTemplate(): Promise<string> {
    const file = join(this.#directory, "deployed.json");
    const deployed = synthesize(exampleConfiguration({ ...this.#deployed }));
    await writeFile(file, JSON.stringify(deployed.template));
    return file;
  }

  /** Lets the deployed version's route function handle a frame. */
  async route(frame: string): Promise<void> {
    await route(this.stage.runtimeWith(this.stage.clients), rawEvent([frame]));
  }

  async retry(): Promise<void> {
    await retry(this.stage.runtimeWith(this.stage.clients));
  }

  /** Runs `binlog-router failures …`. */
  failures(...args: string[]): Promise<Ended> {
    return this.#command(stackFileOf(this.stage.aws), "failures", ...args);
  }

  /** Runs `binlog-router offsets …`. */
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

/** The queues in the template of a configuration. */
function deployedQueues(changed: Changed): ReadonlyMap<string, DeployedQueue> {
  const { template } = synthesize(exampleConfiguration({ ...changed }));
  return deployedOf(JSON.stringify(template)).queues;
}

async function createTagged(stage: Stage, name: string): Promise<void> {
  await stage.createQueue(name);
  await tag(stage, name);
}

function tag(stage: Stage, name: string): Promise<unknown> {
  return stage.clients.sqs.send(
    new TagQueueCommand({ QueueUrl: stage.queueUrl(name), Tags: { [SOURCE_TAG]: SOURCE } }),
  );
}
