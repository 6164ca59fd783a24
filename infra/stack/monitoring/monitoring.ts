import { Construct } from "constructs";
import type { Configuration } from "../../../config/configuration.ts";
import { AlarmTopic } from "./alarm-topic.ts";
import { Alarms } from "./alarms.ts";
import { RouterDashboard } from "./dashboard.ts";
import { SourceMetrics } from "./metrics.ts";
import type { Watched } from "./sections.ts";

export interface MonitoringProps extends Omit<Watched, "metrics" | "alarms"> {
  readonly source: string;
  readonly settings: Configuration["alarms"];
  readonly environments: Configuration["environments"];
}

/** Dashboard, alarms, and the topics that the alarms go to. */
export class Monitoring extends Construct {
  readonly topic: AlarmTopic;
  readonly urgentTopic: AlarmTopic;
  readonly alarms: Alarms;
  readonly dashboard: RouterDashboard;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const metrics = new SourceMetrics(props.source);
    this.topic = new AlarmTopic(this, "Topic", {
      displayName: `binlog-router ${props.source}`,
      emails: props.settings.emails,
    });
    this.urgentTopic = new AlarmTopic(this, "UrgentTopic", {
      displayName: `binlog-router ${props.source}, urgent`,
      emails: props.settings.urgentEmails,
    });
    const { topic, urgentTopic } = this;
    this.alarms = new Alarms(this, "Alarms", { ...props, metrics, topic, urgentTopic });
    this.dashboard = new RouterDashboard(this, "Dashboard", {
      ...props,
      metrics,
      alarms: this.alarms,
    });
  }
}
