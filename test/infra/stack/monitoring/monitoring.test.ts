import { Match, type Template } from "aws-cdk-lib/assertions";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it, test } from "vitest";
import { REPOSITORY_ROOT } from "../../../../infra/stack/resources/repository-root.ts";
import { anchor, RUNBOOK } from "../../../../infra/stack/monitoring/runbook.ts";
import {
  CANARY_METRICS,
  READER_METRICS,
  RETRY_METRICS,
  ROUTE_METRICS,
} from "../../../../wire/metrics.ts";
import { exampleTemplate } from "../../../support/example-stack.ts";

const runbook = readFileSync(join(REPOSITORY_ROOT, "docs/runbook.md"), "utf8");
const headings = Array.from(runbook.matchAll(/^## (.+)$/gm), (match) => match[1] ?? "");

interface Widget {
  readonly type: string;
  readonly properties: Record<string, unknown> & { readonly markdown?: string };
}

let template: Template;
beforeAll(() => {
  template = exampleTemplate();
});

describe("every alarm", () => {
  it("leads to a heading of the runbook", () => {
    const anchors = new Set(headings.map(anchor));
    const alarms = Object.values(template.findResources("AWS::CloudWatch::Alarm"));
    expect(alarms.length).toBeGreaterThan(0);
    for (const { Properties } of alarms) {
      const [, fragment] = /docs\/runbook\.md#(\S+)$/.exec(Properties.AlarmDescription) ?? [];
      expect(anchors).toContain(fragment);
    }
  });

  it("goes to a topic whose policy lets CloudWatch publish for this account", () => {
    const policies = Object.values(template.findResources("AWS::SNS::TopicPolicy"));
    const alarms = Object.values(template.findResources("AWS::CloudWatch::Alarm"));
    const topics = new Set(
      alarms.flatMap(({ Properties: { AlarmActions, OKActions = [] } }) =>
        [...(AlarmActions as object[]), ...(OKActions as object[])].map((action) =>
          JSON.stringify(action),
        ),
      ),
    );
    expect(topics.size).toBe(2);
    for (const topic of topics) {
      const statements = policies
        .filter(({ Properties }) =>
          (Properties.Topics as object[]).some((one) => JSON.stringify(one) === topic),
        )
        .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as object[]);
      expect(statements).toContainEqual(
        expect.objectContaining({
          Effect: "Allow",
          Action: "sns:Publish",
          Principal: { Service: "cloudwatch.amazonaws.com" },
          Resource: JSON.parse(topic) as object,
          Condition: { StringEquals: { "aws:SourceAccount": { Ref: "AWS::AccountId" } } },
        }),
      );
    }
  });

  it("is announced when it begins, and when it ends if that means that the trouble is over", () => {
    // The runbook lists the alarms that count events.
    const [, sentence = ""] = /alarms count events[^:]*:(.*?)\. /s.exec(runbook) ?? [];
    const events = Array.from(sentence.matchAll(/\(#([\w-]+)\)/g), ([, fragment]) => fragment);
    expect(events.length).toBeGreaterThan(5);
    const silent = new Set<string>();
    for (const { Properties } of Object.values(template.findResources("AWS::CloudWatch::Alarm"))) {
      const description = String(Properties.AlarmDescription);
      expect(description).toMatch(/^(urgent|notice): /);
      expect(Properties.AlarmActions).toHaveLength(description.startsWith("urgent") ? 2 : 1);
      if (Properties.OKActions === undefined) silent.add(description.split("#")[1] ?? "");
      else expect(Properties.OKActions).toEqual(Properties.AlarmActions);
    }
    expect(silent).toEqual(new Set(events));
  });

  it("says so and goes to the urgent topic as well when it is urgent", () => {
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: READER_METRICS.active,
      AlarmDescription: Match.stringLikeRegexp("^urgent: "),
      AlarmActions: [
        { Ref: Match.stringLikeRegexp("MonitoringTopic") },
        { Ref: Match.stringLikeRegexp("MonitoringUrgentTopic") },
      ],
    });
    exampleTemplate({ alarms: { urgentEmails: ["pager@example.com"] } }).hasResourceProperties(
      "AWS::SNS::Subscription",
      {
        Endpoint: "pager@example.com",
        TopicArn: { Ref: Match.stringLikeRegexp("MonitoringUrgentTopic") },
      },
    );
  });

  it("links to the configured address of the runbook", () => {
    const alarms = { runbookUrl: "https://docs.example/runbook" };
    exampleTemplate({ alarms }).allResourcesProperties("AWS::CloudWatch::Alarm", {
      AlarmDescription: Match.stringLikeRegexp("https://docs\\.example/runbook#"),
    });
  });
});

function ofAge(environment: string): object {
  return { AlarmName: `binlog-router shop: Subscriber queue age billing ${environment}` };
}

describe("the alarms of one environment's queues", () => {
  const topicArn = "arn:aws:sns:eu-central-1:111122223333:staging";
  it("have its own bound and its own topic", () => {
    const environments = {
      production: { users: ["app_production"] },
      staging: { users: ["app_staging"], alarms: { queueAgeSeconds: 36_000, topicArn } },
    };
    const own = exampleTemplate({ environments });
    own.hasResourceProperties("AWS::CloudWatch::Alarm", {
      ...ofAge("staging"),
      Threshold: 36_000,
      AlarmActions: [topicArn],
      OKActions: [topicArn],
    });
    own.hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmName: "binlog-router shop: Dead-letter queue not empty billing staging",
      AlarmActions: [topicArn],
    });
    own.hasResourceProperties("AWS::CloudWatch::Alarm", {
      ...ofAge("production"),
      Threshold: 900,
      AlarmActions: [{ Ref: Match.stringLikeRegexp("MonitoringTopic") }],
    });
  });

  it("do not include the queue's age where it is switched off", () => {
    const environments = { test: { users: ["app_test"], alarms: { queueAgeSeconds: "off" } } };
    const asleep = exampleTemplate({ environments });
    asleep.resourcePropertiesCountIs("AWS::CloudWatch::Alarm", ofAge("test"), 0);
    asleep.resourcePropertiesCountIs("AWS::CloudWatch::Alarm", ofAge("unrouted"), 1);
  });
});

describe("the runbook", () => {
  it("has a heading for each kind of alarm, and no other", () => {
    expect(headings).toEqual(Object.values(RUNBOOK));
    const descriptions = Object.values(
      exampleTemplate({ canary: {} }).findResources("AWS::CloudWatch::Alarm"),
    ).map(({ Properties }) => String(Properties.AlarmDescription));
    for (const heading of headings) {
      const fragment = `#${anchor(heading)}`;
      expect(descriptions.some((description) => description.endsWith(fragment))).toBe(true);
    }
  });

  it.each(headings)(
    "says under %j what it means, why, what to look at and what to do",
    (heading) => {
      const [, section = ""] = runbook.split(`\n## ${heading}\n`);
      const [own = ""] = section.split("\n## ");
      for (const part of ["Meaning", "Likely causes", "What to look at", "What to do"]) {
        expect(own).toContain(`**${part}.**`);
      }
    },
  );

  it("leads only to headings that it has", () => {
    for (const [, fragment] of runbook.matchAll(/\]\(#([^)]+)\)/g)) {
      expect(headings.map(anchor)).toContain(fragment);
    }
  });
});

describe("thresholds", () => {
  it("come from the configuration", () => {
    const alarms = { lagSeconds: 5, queueAgeSeconds: 7, emails: ["ops@example.com"] };
    const tuned = exampleTemplate({ alarms });
    tuned.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: READER_METRICS.lag,
      Threshold: 5000,
    });
    tuned.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: "ApproximateAgeOfOldestMessage",
      Threshold: 7,
    });
    tuned.hasResourceProperties("AWS::SNS::Subscription", {
      Protocol: "email",
      Endpoint: "ops@example.com",
    });
  });

  it("count missing data of the reader as trouble, and missing data of other parts as none", () => {
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: READER_METRICS.active,
      ComparisonOperator: "LessThanThreshold",
      EvaluationPeriods: 3,
      TreatMissingData: "breaching",
    });
    template.hasResourceProperties("AWS::CloudWatch::Alarm", {
      MetricName: ROUTE_METRICS.gaps,
      TreatMissingData: "notBreaching",
    });
  });
});

test.each([
  [READER_METRICS.retentionUsed, "keeps its state while the retention is not known"],
  [READER_METRICS.stopped, "lasts until a reader says that the stop has ended"],
])("the alarm on %s %s", (metric, _why) => {
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    MetricName: metric,
    TreatMissingData: "ignore",
  });
});

test("an alarm rings when frames are given back in as many minutes as a visibility timeout fills", () => {
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    MetricName: ROUTE_METRICS.framesReturned,
    Threshold: 0,
    EvaluationPeriods: 3,
  });
  // A frame that returns once a minute keeps the alarm on.
  template.hasResourceProperties("AWS::SQS::Queue", {
    QueueName: "shop-raw.fifo",
    VisibilityTimeout: 45,
  });
});

test("an alarm rings when no standby reports for 15 minutes", () => {
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    MetricName: READER_METRICS.standby,
    ComparisonOperator: "LessThanThreshold",
    EvaluationPeriods: 15,
    TreatMissingData: "breaching",
  });
});

test.each([
  ["UserChanges", "Users changed on open connections"],
  ["XaChangesUnknown", "XA transaction without its changes"],
  ["ChangesFaulty", "Changes that could not be written"],
])("one %s rings an alarm that leads to %j", (metric, heading) => {
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    MetricName: metric,
    Threshold: 0,
    ComparisonOperator: "GreaterThanThreshold",
    EvaluationPeriods: 1,
    TreatMissingData: "notBreaching",
    AlarmDescription: Match.stringLikeRegexp(`#${anchor(heading)}$`),
  });
});

test("an alarm rings after ten minutes of repeated frames only", () => {
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    MetricName: ROUTE_METRICS.onlyRepeats,
    Statistic: "Minimum",
    Period: 300,
    EvaluationPeriods: 2,
    Threshold: 0,
    ComparisonOperator: "GreaterThanThreshold",
    TreatMissingData: "notBreaching",
    AlarmDescription: Match.stringLikeRegexp(`#${anchor("Nothing but repeats")}$`),
  });
});

test("an alarm rings for an XA transaction that stays prepared, long before MySQL purges its binlog", () => {
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    MetricName: READER_METRICS.preparedXa,
    Threshold: 30 * 60 * 1000,
    ComparisonOperator: "GreaterThanThreshold",
    AlarmDescription: Match.stringLikeRegexp(`#${anchor("XA transaction left prepared")}$`),
  });
});

describe("the dashboard", () => {
  /** The widgets below each question, as text. */
  const answers = new Map<string, string>();
  beforeAll(() => {
    const [dashboard] = Object.values(template.findResources("AWS::CloudWatch::Dashboard"));
    const { widgets } = JSON.parse(flatten(dashboard?.["Properties"].DashboardBody)) as {
      widgets: Widget[];
    };
    let question = "";
    for (const { type, properties } of widgets) {
      if (type === "text") question = (properties.markdown ?? "").replace(/^## /, "");
      else answers.set(question, (answers.get(question) ?? "") + JSON.stringify(properties));
    }
  });

  it("asks from top to bottom what an operator asks", () => {
    expect([...answers.keys()]).toEqual([
      "Is it running?",
      "How far behind is it?",
      "How many changes does each environment get?",
      "How were authors found?",
      "What is parked?",
      "How deep and how old is each environment's queue?",
      "What fails?",
      "What does it cost?",
    ]);
  });

  it.each([
    ["Is it running?", [READER_METRICS.active, '"alarms"']],
    ["How far behind is it?", [READER_METRICS.lag, ROUTE_METRICS.delay, "p99"]],
    [
      "How many changes does each environment get?",
      [ROUTE_METRICS.changesRouted, "production", "staging", "test", "unrouted"],
    ],
    [
      "How were authors found?",
      [
        "tag",
        "ledger",
        "first-sight",
        "sweep",
        "operator",
        "server",
        "snapshot",
        "unattributed",
      ].map((name) => `"${name}"`),
    ],
    ["What is parked?", [RETRY_METRICS.pending, RETRY_METRICS.dead, ROUTE_METRICS.changesParked]],
    [
      "How deep and how old is each environment's queue?",
      ["ApproximateNumberOfMessagesVisible", "ApproximateAgeOfOldestMessage", "unrouted: age"],
    ],
    ["What fails?", ["Errors", "Throttles", ROUTE_METRICS.gaps, ROUTE_METRICS.framesMalformed]],
    [
      "What does it cost?",
      [
        "NumberOfMessagesSent",
        "Invocations",
        "ConsumedWriteCapacityUnits",
        READER_METRICS.bytesSent,
      ],
    ],
  ])("answers %j", (question, shown) => {
    for (const part of shown) expect(answers.get(question)).toContain(part);
  });

  it("shows how long the canary's row takes, where there is a canary", () => {
    const [dashboard] = Object.values(
      exampleTemplate({ canary: {} }).findResources("AWS::CloudWatch::Dashboard"),
    );
    expect(flatten(dashboard?.["Properties"].DashboardBody)).toContain(`"${CANARY_METRICS.delay}"`);
  });

  it("shows every metric that the parts write", () => {
    const all = [...answers.values()].join("");
    const names = [READER_METRICS, ROUTE_METRICS, RETRY_METRICS].flatMap(Object.values);
    expect(names.filter((name) => !all.includes(`"${String(name)}"`))).toEqual([]);
  });
});

/** The text that CloudFormation's Join would produce, with logical ids in place of references. */
function flatten(value: unknown): string {
  if (typeof value === "string") return value;
  const { "Fn::Join": joined = [] } = value as { "Fn::Join"?: [string, unknown[]] };
  return (joined[1] ?? []).map((part) => (typeof part === "string" ? part : idOf(part))).join("");
}

function idOf(reference: unknown): string {
  const [id] = Object.values(reference as Record<string, unknown>).flat();
  return String(id);
}
