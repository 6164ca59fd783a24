import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import {
  jsonError,
  jsonResponse,
  parseJsonCall,
  textOf,
  type JsonObject,
} from "../http/aws-json.ts";
import type {
  AwsCall,
  AwsError,
  AwsRequest,
  AwsResponse,
  AwsService,
} from "../http/aws-service.ts";

const NAMESPACE = "com.amazonaws.secretsmanager";

interface Secret {
  readonly name: string;
  readonly arn: string;
  readonly created: number;
  changed: number;
  /** Oldest first. The last version is AWSCURRENT, the one before it AWSPREVIOUS. */
  readonly versions: SecretVersion[];
}

interface SecretVersion {
  readonly id: string;
  readonly created: number;
  readonly text: string | undefined;
  readonly binary: string | undefined;
}

/**
 * Secrets Manager in memory or in a file: create, put, get (by name or ARN; any version), describe.
 */
export class LocalSecretsManager implements AwsService {
  readonly name = "secretsManager";
  readonly #arnPrefix: string;
  readonly #secrets = new Map<string, Secret>();
  readonly #file: string | undefined;

  /** `file`: where the secrets are stored; left out: in memory. */
  constructor(options: {
    readonly region: string;
    readonly accountId: string;
    readonly file?: string;
  }) {
    this.#arnPrefix = `arn:aws:secretsmanager:${options.region}:${options.accountId}:secret:`;
    this.#file = options.file;
    if (this.#file === undefined || !existsSync(this.#file)) return;
    const secrets = JSON.parse(readFileSync(this.#file, "utf8")) as readonly Secret[];
    for (const secret of secrets) this.#secrets.set(secret.name, secret);
  }

  open(request: AwsRequest): AwsCall {
    const { action, input = {} } = parseJsonCall(request);
    const id = textOf(input, "SecretId") ?? textOf(input, "Name") ?? "";
    return {
      action,
      resource: this.#find(id)?.name ?? id,
      answer: () => this.#answer(action, id, input),
      refuse,
    };
  }

  #answer(action: string, id: string, input: JsonObject): AwsResponse {
    const secret = this.#find(id);
    if (action === "CreateSecret") {
      return secret === undefined
        ? jsonResponse("1.1", 200, this.#create(id, input))
        : failure("ResourceExistsException", `a secret named ${id} already exists`);
    }
    if (secret === undefined)
      return failure(
        "ResourceNotFoundException",
        "Secrets Manager can't find the specified secret.",
      );
    switch (action) {
      case "PutSecretValue":
        return jsonResponse("1.1", 200, this.#put(secret, input));
      case "GetSecretValue": {
        const version = versionOf(secret, input);
        return version === undefined
          ? failure("ResourceNotFoundException", "the secret does not have this version")
          : jsonResponse("1.1", 200, describeVersion(secret, version));
      }
      case "DescribeSecret":
        return jsonResponse("1.1", 200, {
          ...names(secret),
          CreatedDate: secret.created,
          LastChangedDate: secret.changed,
          VersionIdsToStages: Object.fromEntries(
            secret.versions.slice(-2).map((version) => [version.id, [stageOf(secret, version)]]),
          ),
        });
      default:
        return failure("UnknownOperationException", `this stand-in does not support ${action}`);
    }
  }

  #create(name: string, input: JsonObject): JsonObject {
    const created = Date.now() / 1000;
    // Secrets Manager adds a hyphen and six random characters to the name.
    const arn = `${this.#arnPrefix}${name}-${randomUUID().slice(0, 6)}`;
    const secret: Secret = { name, arn, created, changed: created, versions: [] };
    this.#secrets.set(name, secret);
    this.#keep();
    const hasValue = input["SecretString"] !== undefined || input["SecretBinary"] !== undefined;
    return hasValue ? this.#put(secret, input) : names(secret);
  }

  #put(secret: Secret, input: JsonObject): JsonObject {
    const version: SecretVersion = {
      id: textOf(input, "ClientRequestToken") ?? randomUUID(),
      created: Date.now() / 1000,
      text: textOf(input, "SecretString"),
      binary: textOf(input, "SecretBinary"),
    };
    secret.versions.push(version);
    secret.changed = version.created;
    this.#keep();
    return { ...names(secret), VersionId: version.id, VersionStages: ["AWSCURRENT"] };
  }

  #keep(): void {
    if (this.#file === undefined) return;
    const draft = `${this.#file}.draft`;
    writeFileSync(draft, JSON.stringify([...this.#secrets.values()]), { mode: 0o600 });
    renameSync(draft, this.#file);
  }

  #find(id: string): Secret | undefined {
    if (!id.startsWith("arn:")) return this.#secrets.get(id);
    // As in AWS, the random end of an ARN may be left out.
    return [...this.#secrets.values()].find(
      (secret) => secret.arn === id || secret.arn.slice(0, -7) === id,
    );
  }
}

function refuse(error: AwsError): AwsResponse {
  return jsonError("1.1", NAMESPACE, error);
}

function failure(code: string, message: string): AwsResponse {
  return refuse({ code, message, status: 400 });
}

function versionOf(secret: Secret, input: JsonObject): SecretVersion | undefined {
  const { VersionId: id, VersionStage: stage } = input;
  if (id !== undefined) return secret.versions.find((version) => version.id === id);
  return secret.versions.at(stage === "AWSPREVIOUS" ? -2 : -1);
}

function describeVersion(secret: Secret, version: SecretVersion): JsonObject {
  return {
    ...names(secret),
    VersionId: version.id,
    VersionStages: [stageOf(secret, version)],
    CreatedDate: version.created,
    ...(version.text === undefined ? {} : { SecretString: version.text }),
    ...(version.binary === undefined ? {} : { SecretBinary: version.binary }),
  };
}

function stageOf(secret: Secret, version: SecretVersion): string {
  return version === secret.versions.at(-1) ? "AWSCURRENT" : "AWSPREVIOUS";
}

function names(secret: Secret): JsonObject {
  return { ARN: secret.arn, Name: secret.name };
}
