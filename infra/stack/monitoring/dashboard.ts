import { Duration } from "aws-cdk-lib";
import { Dashboard, TextWidget, type IWidget } from "aws-cdk-lib/aws-cloudwatch";
import { Construct } from "constructs";
import {
  authors,
  behind,
  changes,
  costs,
  errors,
  parked,
  queues,
  running,
  type Watched,
} from "./sections.ts";
import { FULL } from "./widgets.ts";

export interface RouterDashboardProps extends Watched {
  readonly source: string;
}

/** One page that answers an operator's questions, the most urgent first. */
export class RouterDashboard extends Construct {
  readonly dashboard: Dashboard;

  constructor(scope: Construct, id: string, props: RouterDashboardProps) {
    super(scope, id);
    this.dashboard = new Dashboard(this, "Dashboard", {
      dashboardName: `binlog-router-${props.source}`,
      defaultInterval: Duration.hours(3),
      widgets: [
        ...section("Is it running?", running(props)),
        ...section("How far behind is it?", behind(props)),
        ...section("How many changes does each environment get?", changes(props)),
        ...section("How were authors found?", authors(props)),
        ...section("What is parked?", parked(props)),
        ...section("How deep and how old is each environment's queue?", ...queues(props)),
        ...section("What fails?", errors(props)),
        ...section("What does it cost?", costs(props)),
      ],
    });
  }
}

function section(question: string, ...rows: IWidget[][]): IWidget[][] {
  return [[new TextWidget({ markdown: `## ${question}`, width: FULL, height: 1 })], ...rows];
}
