import type { Clock } from "../../time/clock.ts";
import { invalidParameter, SqsError } from "./errors.ts";
import { Queue } from "./queue.ts";
import type { DeadLetters } from "./receives.ts";
import {
  changedQueueAttributes,
  differingAttribute,
  newQueueAttributes,
  type QueueAttributes,
} from "./queue-attributes.ts";
import { type MessageLog, NO_LOG } from "./message-log.ts";
import { SQS_LIMITS } from "./queue-limits.ts";
import { parseRedriveAllowPolicy, parseRedrivePolicy } from "./redrive-policy.ts";

export interface QueuesOptions {
  /** The endpoint's URL without a trailing slash. */
  readonly url: string;
  readonly region: string;
  readonly accountId: string;
  readonly clock: Clock;
  /** The logs for the messages; left out: in memory. */
  readonly kept?: KeptLogs;
}

/** The queues' logs. */
interface KeptLogs {
  readonly lastSequenceNumber: bigint;
  of(name: string): MessageLog;
  /** Records that the queue was deleted. */
  forget(name: string): void;
}

/** How long a deleted queue's name cannot be used again. */
const NAME_LOCK_MS = 60_000;

/** The queues of one account in one region. */
export class Queues {
  readonly clock: Clock;
  readonly accountId: string;
  readonly #options: QueuesOptions;
  readonly #arnPrefix: string;
  readonly #byName = new Map<string, Queue>();
  readonly #deletedMs = new Map<string, number>();
  /** The latest sequence number. SQS's numbers have 20 digits and increase. */
  #sequenceNumber = 18_850_000_000_000_000_000n;

  constructor(options: QueuesOptions) {
    this.clock = options.clock;
    this.accountId = options.accountId;
    this.#options = options;
    const last = options.kept?.lastSequenceNumber ?? 0n;
    if (last > this.#sequenceNumber) this.#sequenceNumber = last;
    this.#arnPrefix = `arn:aws:sqs:${options.region}:${options.accountId}:`;
  }

  /** All queues, sorted by name. */
  all(): Queue[] {
    return [...this.#byName.values()].sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  find(name: string): Queue | undefined {
    return this.#byName.get(name);
  }

  findByArn(arn: string): Queue | undefined {
    if (!arn.startsWith(this.#arnPrefix)) return undefined;
    return this.#byName.get(arn.slice(this.#arnPrefix.length));
  }

  /** The queue with this QueueUrl. Throws SqsError. */
  atUrl(url: string): Queue {
    const name = nameInUrl(url);
    if (name === undefined)
      throw new SqsError("InvalidAddress", `The address ${url} is not valid for this endpoint.`);
    return this.named(name);
  }

  /** The queue with this name. Throws SqsError. */
  named(name: string): Queue {
    const queue = this.#byName.get(name);
    if (queue === undefined)
      throw new SqsError("QueueDoesNotExist", "The specified queue does not exist.");
    return queue;
  }

  /**
   * Creates a queue, or returns the existing one if it has the given attributes. Throws SqsError.
   */
  create(name: string, given: QueueAttributes, tags: Readonly<Record<string, string>>): Queue {
    const fifo = given["FifoQueue"] === "true";
    checkName(name, fifo);
    const existing = this.#byName.get(name);
    if (existing !== undefined) {
      const different = differingAttribute(existing.attributes, given);
      if (different === undefined) return existing;
      throw new SqsError(
        "QueueNameExists",
        `A queue already exists with the same name and a different value for attribute ${different}`,
      );
    }
    this.#checkNameIsFree(name);
    const attributes = newQueueAttributes(given, fifo);
    const arn = this.#arnPrefix + name;
    this.#checkRedrive(arn, attributes, fifo);
    const queue: Queue = new Queue({
      name,
      arn,
      url: `${this.#options.url}/${this.#options.accountId}/${name}`,
      attributes,
      clock: this.clock,
      limits: SQS_LIMITS,
      nextSequenceNumber: () => String((this.#sequenceNumber += 256n)),
      deadLetters: () => this.#deadLettersOf(queue),
      log: this.#options.kept?.of(name) ?? NO_LOG,
    });
    for (const [key, value] of Object.entries(tags)) queue.tags.set(key, value);
    this.#byName.set(name, queue);
    return queue;
  }

  /** Throws SqsError. */
  changeAttributes(queue: Queue, given: QueueAttributes): void {
    if (given["FifoQueue"] !== undefined && queue.fifo) {
      throw new SqsError(
        "InvalidAttributeValue",
        "Invalid value for the parameter FifoQueue. Reason: Modifying queue type is not supported.",
      );
    }
    const attributes = changedQueueAttributes(queue.attributes, given, queue.fifo);
    if (given["RedrivePolicy"]) this.#checkRedrive(queue.arn, attributes, queue.fifo);
    queue.changeAttributes(attributes);
  }

  delete(queue: Queue): void {
    this.#byName.delete(queue.name);
    this.#options.kept?.forget(queue.name);
    this.#deletedMs.set(queue.name, this.clock.now());
    queue.close();
  }

  /** The queues that use this queue as their dead-letter queue. */
  deadLetterSources(queue: Queue): Queue[] {
    return this.all().filter(({ attributes }) => {
      const policy = parseRedrivePolicy(attributes["RedrivePolicy"] ?? "");
      return policy?.deadLetterTargetArn === queue.arn;
    });
  }

  #deadLettersOf(queue: Queue): DeadLetters | undefined {
    const text = queue.attributes["RedrivePolicy"];
    const policy = text === undefined ? undefined : parseRedrivePolicy(text);
    // While the dead-letter queue does not exist, messages continue to be delivered.
    const target = policy === undefined ? undefined : this.findByArn(policy.deadLetterTargetArn);
    if (policy === undefined || target === undefined) return undefined;
    return { queue: target, maxReceiveCount: policy.maxReceiveCount };
  }

  #checkRedrive(arn: string, attributes: QueueAttributes, fifo: boolean): void {
    const text = attributes["RedrivePolicy"];
    const policy = text === undefined ? undefined : parseRedrivePolicy(text);
    if (policy === undefined) return;
    const refuse = (reason: string): never => {
      throw invalidParameter("RedrivePolicy", text, reason);
    };
    const target =
      this.findByArn(policy.deadLetterTargetArn) ?? refuse("Dead letter target does not exist.");
    if (target.arn === arn) refuse("Dead letter queue must not be the queue itself.");
    if (target.fifo !== fifo) refuse("Dead-letter queue must be same type of queue as the source.");
    const allow = parseRedriveAllowPolicy(target.attributes["RedriveAllowPolicy"] ?? "");
    const allowed =
      allow === undefined ||
      allow.redrivePermission === "allowAll" ||
      (allow.redrivePermission === "byQueue" && allow.sourceQueueArns.includes(arn));
    if (!allowed) refuse("The dead-letter queue does not allow this queue to use it.");
  }

  #checkNameIsFree(name: string): void {
    const deletedMs = this.#deletedMs.get(name);
    if (deletedMs === undefined) return;
    if (this.clock.now() < deletedMs + NAME_LOCK_MS) {
      throw new SqsError(
        "QueueDeletedRecently",
        "You must wait 60 seconds after deleting a queue before you can create another with the same name.",
      );
    }
    this.#deletedMs.delete(name);
  }
}

/** The queue's name in `http://host/account/name`; undefined for another URL. */
export function nameInUrl(url: string): string | undefined {
  return /^https?:\/\/[^/]+\/\d{12}\/([^/]+)$/.exec(url)?.[1];
}

function checkName(name: string, fifo: boolean): void {
  const stem = fifo ? name.replace(/\.fifo$/, "") : name;
  if (fifo && stem === name) {
    throw new SqsError(
      "InvalidParameterValue",
      "The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.",
    );
  }
  if (!/^[A-Za-z0-9_-]+$/.test(stem) || name.length > 80) {
    throw new SqsError(
      "InvalidParameterValue",
      "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length",
    );
  }
}
