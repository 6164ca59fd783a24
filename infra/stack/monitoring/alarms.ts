import { ArnFormat, Stack } from "aws-cdk-lib";
import {
  Alarm,
  ComparisonOperator,
  TreatMissingData,
  type IAlarm,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { Construct } from "constructs";
import type { AlarmTopic } from "./alarm-topic.ts";
import { anchor } from "./runbook.ts";
import { watches, type Watch, type WatchedParts } from "./watches.ts";

export interface AlarmsProps extends WatchedParts {
  readonly source: string;
  readonly topic: AlarmTopic;
}

/** Every alarm of a source. Each says what it means and where the runbook goes on. */
export class Alarms extends Construct {
  readonly names: readonly string[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.names = watches(props).map((watch) => this.#create(watch, props));
  }

  /** The alarms by their names alone: who shows them need not wait until they exist. */
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

  #create(watch: Watch, { source, settings, topic }: AlarmsProps): string {
    const id = [watch.heading, watch.subject].filter((part) => part !== undefined).join(" ");
    const name = `binlog-router ${source}: ${id}`;
    const alarm = new Alarm(this, id, {
      alarmName: name,
      alarmDescription: `${watch.meaning} Runbook: ${settings.runbookUrl}#${anchor(watch.heading)}`,
      metric: watch.metric,
      threshold: watch.above,
      comparisonOperator: watch.operator ?? ComparisonOperator.GREATER_THAN_THRESHOLD,
      evaluationPeriods: watch.periods ?? 1,
      treatMissingData: watch.silence ?? TreatMissingData.NOT_BREACHING,
    });
    const action = new SnsAction(topic.topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    return name;
  }
}
