import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../config/config-error.ts";
import { FORMATS } from "../../../wire/formats/formats.ts";
import { deployable, loadConfig, readConfigFile, readConfigObjects } from "../../../config/load.ts";
import { parseReaderSettings } from "../../../reader/settings.ts";

const minimal = {
  name: "shop",
  source: { tables: ["shop.*"] },
  environments: { staging: { users: ["app_staging"] } },
  subscribers: { billing: { tables: ["shop.orders"] } },
};

const complete = {
  ...minimal,
  source: { host: "db.example", tables: ["shop.*"] },
  network: {
    vpcId: "vpc-01234567",
    subnetIds: ["subnet-01234567"],
    databaseSecurityGroupId: "sg-01234567",
  },
};

/** The problems of a configuration as lines, path first. */
function problemsOf(value: unknown): string[] {
  try {
    loadConfig(value);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.problems.map(({ path, message }) => `${path} ${message}`);
  }
}

describe("a configuration", () => {
  it("is refused with the path of every error in a subscriber's filters", () => {
    const billing = {
      tables: ["shop.orders"],
      columns: {
        exclude: ["shop.orders", "shop.items.note"],
        mask: { "shop.orders.phone": "md5", phone: "hash" },
        hide: [],
      },
      where: { "shop.orders": "status == 'paid'", "shop.other": "id > 1", orders: "id > 1" },
      whereCrossing: "delete",
    };
    expect(
      problemsOf({
        ...minimal,
        subscribers: {
          billing,
          search: { ...billing, columns: undefined, where: 5, whereCrossing: undefined },
          cache: { tables: ["shop.orders"], where: "a LIKE 5" },
        },
      }).sort(),
    ).toEqual(
      [
        'subscribers.billing.columns.exclude[0] must be a column pattern: "database.table.column", "*" allowed',
        "subscribers.billing.columns.exclude[1] matches no table that the subscriber gets",
        "subscribers.billing.columns.hide is not a key of the configuration",
        'subscribers.billing.columns.mask.phone must be a column pattern: "database.table.column", "*" allowed',
        'subscribers.billing.columns.mask["shop.orders.phone"] must be one of "null", "hash", "last4"',
        'subscribers.billing.where.orders must be a table pattern: "database.table", "*" allowed',
        'subscribers.billing.where["shop.orders"] is not a condition: at character 9: expected a number, a string in single quotes or NULL, found =',
        'subscribers.billing.where["shop.other"] matches no table that the subscriber gets',
        'subscribers.billing.whereCrossing must be one of "create-delete", "update"',
        "subscribers.cache.where is not a condition: at character 8: expected a pattern in single quotes, found 5",
        "subscribers.search.where has a value of the wrong type",
      ].sort(),
    );
  });

  it("has its documented defaults", () => {
    expect(loadConfig(minimal)).toMatchObject({
      source: { port: 3306, tls: "verify", start: "now" },
      subscribers: {
        billing: { groupBy: "table", format: "envelope", ddl: "author", maxReceives: 10 },
      },
      otherUsers: "unrouted",
      lanes: 1,
      retention: { queueDays: 14, payloadDays: 30, logDays: 30 },
      alarms: { lagSeconds: 60, emails: [] },
    });
  });

  it("is refused with all its problems at once, each naming its path", () => {
    expect(
      problemsOf({
        ...minimal,
        name: "my shop",
        colour: "blue",
        source: { port: 70_000, tls: "maybe", tables: ["shop"], hots: "db" },
        environments: { staging: { users: [""] }, unrouted: { users: ["x"] } },
        otherUsers: "nowhere",
      }),
    ).toEqual([
      "source.port must be at most 65535",
      'source.tls must be one of "verify", "encrypt", "off"',
      'source.tables[0] must be a table pattern: "database.table", "*" allowed, "!" excludes',
      "source.hots is not a key of the configuration",
      "environments.staging.users[0] must not be empty",
      "colour is not a key of the configuration",
      "name must consist of letters, digits and hyphens",
      "environments.unrouted has a reserved name: see otherUsers",
      'otherUsers must be "unrouted", "drop" or the name of an environment, not "nowhere"',
    ]);
  });

  it("is refused with a sentence for each missing value and each wrong type", () => {
    expect(problemsOf({ ...minimal, name: undefined, lanes: 1.5, subscribers: [] })).toEqual([
      "name is missing",
      "subscribers must be an object",
      "lanes must be a whole number",
    ]);
    expect(problemsOf(["shop"])).toEqual([" must be an object"]);
    expect(new ConfigError([{ path: "", message: "must be an object" }]).message).toBe(
      "The configuration must be an object.",
    );
  });

  it("needs an environment and a subscriber", () => {
    expect(problemsOf({ ...minimal, environments: {}, subscribers: {} })).toEqual([
      "environments must not be empty",
      "subscribers must not be empty",
    ]);
  });

  it("is refused when patterns only leave out tables", () => {
    expect(problemsOf({ ...minimal, source: { tables: ["!shop.audit"] } })).toEqual([
      'source.tables only leaves tables out, so it chooses none; add a pattern without "!"',
    ]);
  });

  it("accepts the reader's starting points, and refuses any other with the reader's message", () => {
    expect(problemsOf(withStart("file:mysql-bin.000017:4"))).toEqual([]);
    for (const start of ["gtid:foo", "file:mysql-bin:4", "later"]) {
      const sentence = 'must be "now", "oldest", "gtid:<set>" or "file:<name>:<offset>"';
      expect(problemsOf(withStart(start))).toEqual([`source.start ${sentence}`]);
      expect(() => parseReaderSettings({ SOURCE_START: start })).toThrow(
        `SOURCE_START: ${sentence}`,
      );
    }
  });

  it("accepts every format, and refuses any other", () => {
    const formats = Object.keys(FORMATS);
    expect(formats).toEqual(expect.arrayContaining(["envelope", "debezium", "maxwell", "canal"]));
    for (const format of formats) expect(problemsOf(withFormat(format))).toEqual([]);
    const names = formats.map((format) => `"${format}"`).join(", ");
    expect(problemsOf(withFormat("avro"))).toEqual([
      `subscribers.billing.format must be one of ${names}`,
    ]);
  });

  it("quotes a key that is not a plain name", () => {
    const environments = { "my env": { users: ["app"] } };
    expect(problemsOf({ ...minimal, environments })).toEqual([
      'environments["my env"] is part of a queue\'s name, so its name may hold letters, digits, - and _ only',
    ]);
  });
});

describe("a configuration for a deployment", () => {
  it("must name MySQL's host and the network", () => {
    expect(deployable(loadConfig(complete)).network.vpcId).toBe("vpc-01234567");
    expect(() => deployable(loadConfig(minimal))).toThrow(
      "source.host is missing; a deployment needs it.\nnetwork is missing; a deployment needs it.",
    );
  });

  it("must name resources by well-formed ids", () => {
    const network = { ...complete.network, vpcId: "vpc-1", subnetIds: [] };
    expect(problemsOf({ ...complete, network })).toEqual([
      'network.vpcId must be the id of a VPC, "vpc-…"',
      "network.subnetIds must list at least one subnet",
    ]);
  });

  it("must list each subnet, address and restored table once, and at most 16 subnets", () => {
    const subnetIds = Array.from({ length: 17 }, (_, n) => `subnet-012345${n + 10}`);
    const [one = ""] = subnetIds;
    const of = (ids: string[]) =>
      problemsOf({ ...complete, network: { ...complete.network, subnetIds: ids } });
    expect(of(subnetIds.slice(1))).toEqual([]);
    expect(of(subnetIds)).toEqual(["network.subnetIds must list at most 16 subnets"]);
    expect(of([one, one])).toEqual(["network.subnetIds must list each subnet once"]);
    const list = ["a@example.com", "a@example.com"];
    expect(problemsOf({ ...complete, alarms: { emails: list, urgentEmails: list } })).toEqual([
      "alarms.emails must list each address once",
      "alarms.urgentEmails must list each address once",
    ]);
    const restoredTables = { offsets: "router-1", sessions: "router-2", failures: "router-1" };
    expect(problemsOf({ ...complete, restoredTables })).toEqual([
      "restoredTables must name three different tables",
    ]);
  });

  it("must name secrets, keys and topics of its own region", () => {
    const secretArn = "arn:aws:secretsmanager:eu-central-1:111122223333:secret:mysql-AbC123";
    const encryptionKeyArn =
      "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f";
    const topicArn = "arn:aws:sns:us-east-1:111122223333:staging";
    const staging = { users: ["app_staging"], alarms: { topicArn } };
    const given = {
      ...complete,
      source: { ...complete.source, secretArn },
      encryptionKeyArn,
      environments: { staging },
    };
    const of = (deployment: object) => () => deployable(loadConfig({ ...given, deployment }));
    const why = "AWS takes only a secret, key or topic of the stack's own region";
    expect(of({})).toThrow(
      [
        `encryptionKeyArn is in us-east-1, and source.secretArn is in eu-central-1: ${why}.`,
        `environments.staging.alarms.topicArn is in us-east-1, and source.secretArn is in eu-central-1: ${why}.`,
      ].join("\n"),
    );
    expect(of({ region: "us-east-1" })).toThrow(
      new RegExp(
        `^source\\.secretArn is in eu-central-1, and the stack is in us-east-1: ${why}\\.$`,
      ),
    );
    const elsewhere = { ...given, source: complete.source };
    expect(() => deployable(loadConfig(elsewhere))).not.toThrow();
  });

  it.each(["source", "canary"] as const)("must name a secret and its key there: %s", (section) => {
    const secretArn = "arn:aws:secretsmanager:us-east-1:111122223333:secret:mysql-AbC123";
    const secretKeyArn =
      "arn:aws:kms:us-east-1:111122223333:key/0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f";
    const account = { ...(section === "source" && complete.source), secretArn, secretKeyArn };
    const given = { ...complete, deployment: { region: "eu-central-1" }, [section]: account };
    expect(() => deployable(loadConfig(given))).toThrow(
      new RegExp(
        `^${section}\\.secretArn is in us-east-1, .*\\n${section}\\.secretKeyArn is in us-east-1, `,
      ),
    );
  });

  it.each([
    ["eu-central-1", "aws"],
    ["cn-north-1", "aws-cn"],
    ["us-gov-west-1", "aws-us-gov"],
    ["eusc-de-east-1", "aws-eusc"],
  ])("may be for %s, with keys of its partition", (region, partition) => {
    const id = "0a1b2c3d-0a1b-4c2d-8e3f-0a1b2c3d4e5f";
    const encryptionKeyArn = `arn:${partition}:kms:${region}:111122223333:key/${id}`;
    const given = { ...complete, deployment: { region }, encryptionKeyArn };
    expect(() => deployable(loadConfig(given))).not.toThrow();
  });

  it("must have tags and principals that AWS accepts", () => {
    const of = (tags: object) => problemsOf({ ...complete, deployment: { tags } });
    expect(of({ team: "billing", "cost:center": "a b" })).toEqual([]);
    for (const key of ["aws:team", "AWS:team"])
      expect(of({ [key]: "x" })).toEqual([expect.stringContaining("must be the key of a tag")]);
    expect(of({ team: "" })).toEqual([
      expect.stringMatching(/^deployment\.tags\.team must be the value of a tag: 1 to 256/),
    ]);
    expect(of({ Team: "a", team: "b" })).toEqual([
      "deployment.tags must not have keys that differ in case only: IAM takes them for the same",
    ]);
    expect(of({ team: "x".repeat(257) })).toEqual([
      expect.stringMatching(/^deployment\.tags\.team must be the value of a tag/),
    ]);
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`t${n}`, "x"]));
    expect(of(many)).toEqual(["deployment.tags must have at most 49 tags"]);
    const role = "arn:aws:iam::111122223333:role/team/operators";
    expect(problemsOf({ ...complete, operators: [role] })).toEqual([]);
    expect(problemsOf({ ...complete, operators: [role.replace("operators", "*")] })).toEqual([
      expect.stringMatching(
        /^operators\[0\] must be the ARN of an IAM role or user, .* without a pattern$/,
      ),
    ]);
  });
});

describe("a configuration file", () => {
  it("is the object as JSON, or a cdk.json that contains it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "config-"));
    try {
      const file = join(folder, "shop.json");
      await writeFile(file, JSON.stringify(minimal));
      expect(await readConfigFile(file)).toEqual(loadConfig(minimal));
      await writeFile(file, JSON.stringify({ context: { "binlog-router": minimal } }));
      expect(await readConfigFile(file)).toEqual(loadConfig(minimal));
      await writeFile(file, JSON.stringify({ context: { "binlog-router": [minimal, minimal] } }));
      await expect(readConfigFile(file)).rejects.toThrow(/configures several sources/);
      const shop = { ...minimal, name: "shop" };
      const other = { ...minimal, name: "other" };
      await writeFile(file, JSON.stringify({ context: { "binlog-router": [shop, other] } }));
      expect(await readConfigObjects(file)).toEqual([shop, other]);
      expect(await readConfigObjects(file, "other")).toEqual([other]);
      await expect(readConfigObjects(file, "third")).rejects.toThrow(
        /configures no source third, but shop, other/,
      );
      await writeFile(file, JSON.stringify({ context: { "binlog-router": [] } }));
      await expect(readConfigObjects(file)).rejects.toThrow(/configures no source\.$/);
      await writeFile(file, "{");
      await expect(readConfigFile(file)).rejects.toThrow(/is not JSON: see line 1, column 2\.$/);
      await expect(readConfigFile(join(folder, "absent.json"))).rejects.toThrow(
        /cannot be read\.$/,
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

function withStart(start: string) {
  return { ...minimal, source: { ...minimal.source, start } };
}

function withFormat(format: string) {
  return { ...minimal, subscribers: { billing: { tables: ["shop.orders"], format } } };
}
