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
}

/** Dashboard, alarms, and the topic that the alarms go to. */
export class Monitoring extends Construct {
  readonly topic: AlarmTopic;
  readonly alarms: Alarms;
  readonly dashboard: RouterDashboard;

  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const metrics = new SourceMetrics(props.source);
    this.topic = new AlarmTopic(this, "Topic", {
      source: props.source,
      emails: props.settings.emails,
    });
    this.alarms = new Alarms(this, "Alarms", { ...props, metrics, topic: this.topic });
    this.dashboard = new RouterDashboard(this, "Dashboard", {
      ...props,
      metrics,
      alarms: this.alarms,
    });
  }
}
