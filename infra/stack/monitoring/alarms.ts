import { ArnFormat, Stack } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  TreatMissingData,
  type IAlarm,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Topic, type ITopic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import type { AlarmTopic } from "./alarm-topic.ts";
import { anchor, RUNBOOK } from "./runbook.ts";
import type { Watch, WatchedParts } from "./watch.ts";
import { watches } from "./watches.ts";

export interface AlarmsProps extends WatchedParts {
  readonly source: string;
  /** The topic of all alarms but those of environments with a topic of their own. */
  readonly topic: AlarmTopic;
  /** The topic of urgent alarms; these go to both topics. */
  readonly urgentTopic: AlarmTopic;
}

/**
 * All alarms of a source. Each description says what the alarm means and names its runbook section.
 */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];
  readonly names: readonly string[];
  /** The alarm that makes ECS roll back a deployment of the reader. */
  readonly rollout: { readonly name: string; readonly alarm: Alarm };

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    const created = watches(props).map((watch) => ({ watch, ...this.#create(watch, props) }));
    this.all = created.map(({ alarm }) => alarm);
    this.names = created.map(({ name }) => name);
    const rollout = created.find(({ watch }) => watch.heading === RUNBOOK.readerHeldUp);
    if (rollout === undefined)
      throw new RangeError("no watch has the heading of a reader that is held up");
    this.rollout = rollout;
  }

  /**
   * The alarms by name only, so that a construct that shows them need not wait for their creation.
   */
  byName(): IAlarm[] {
    return this.names.map((name) =>
      Alarm.fromAlarmArn(
        this,
        `${name} by name`,
        Stack.of(this).formatArn({
          service: "cloudwatch",
          resource: "alarm",
          resourceName: name,
          arnFormat: ArnFormat.COLON_RESOURCE_NAME,
        }),
      ),
    );
  }

  #create(watch: Watch, props: AlarmsProps): { name: string; alarm: Alarm } {
    const { source, settings } = props;
    const { severity } = watch;
    const id = [watch.heading, watch.subject].filter((part) => part !== undefined).join(" ");
    const name = `binlog-router ${source}: ${id}`;
    const alarm = new Alarm(this, id, {
      alarmName: name,
      alarmDescription: `${severity}: ${watch.meaning} Runbook: ${settings.runbookUrl}#${anchor(watch.heading)}`,
      metric: watch.metric,
      threshold: watch.above,
      comparisonOperator: watch.operator ?? ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: watch.periods ?? 1,
      treatMissingData: watch.silence ?? TreatMissingData.NOT_BREACHING,
    });
    const topics = [this.#target(watch, props)];
    if (severity === "urgent") topics.push(props.urgentTopic.topic);
    const actions = topics.map((topic) => new SnsAction(topic));
    alarm.addAlarmAction(...actions);
    if (watch.isEvent !== true) alarm.addOkAction(...actions);
    return { name, alarm };
  }

  #target({ topicArn }: Watch, { topic }: AlarmsProps): ITopic {
    if (topicArn === undefined) return topic.topic;
    const id = `topic ${topicArn}`;
    const known = this.node.tryFindChild(id) as ITopic | undefined;
    return known ?? Topic.fromTopicArn(this, id, topicArn);
  }
}
