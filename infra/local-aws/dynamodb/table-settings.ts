import type { JsonObject } from "../http/aws-json.ts";

/**
 * Settings of tables that dynalite does not implement. They are stored and reported but have no
 * effect.
 */
export class TableSettings {
  readonly #timeToLive = new Map<string, { attribute: string; enabled: boolean }>();
  readonly #recovery = new Map<string, boolean>();

  /** Answers an action of `ACTIONS_ON_SETTINGS` for an existing table. */
  answer(action: SettingsAction, table: string, input: JsonObject): JsonObject {
    switch (action) {
      case "UpdateTimeToLive": {
        const wanted = input["TimeToLiveSpecification"] as {
          AttributeName: string;
          Enabled: boolean;
        };
        this.#timeToLive.set(table, { attribute: wanted.AttributeName, enabled: wanted.Enabled });
        return { TimeToLiveSpecification: wanted };
      }
      case "DescribeTimeToLive": {
        const timeToLive = this.#timeToLive.get(table);
        if (!timeToLive?.enabled)
          return { TimeToLiveDescription: { TimeToLiveStatus: "DISABLED" } };
        return {
          TimeToLiveDescription: {
            TimeToLiveStatus: "ENABLED",
            AttributeName: timeToLive.attribute,
          },
        };
      }
      case "UpdateContinuousBackups": {
        const wanted = input["PointInTimeRecoverySpecification"] as {
          PointInTimeRecoveryEnabled: boolean;
        };
        this.#recovery.set(table, wanted.PointInTimeRecoveryEnabled);
        return this.#describeRecovery(table);
      }
      case "DescribeContinuousBackups":
        return this.#describeRecovery(table);
      default:
        return action satisfies never;
    }
  }

  forget(table: string): void {
    this.#timeToLive.delete(table);
    this.#recovery.delete(table);
  }

  #describeRecovery(table: string): JsonObject {
    const status = this.#recovery.get(table) ? "ENABLED" : "DISABLED";
    return {
      ContinuousBackupsDescription: {
        ContinuousBackupsStatus: "ENABLED",
        PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: status },
      },
    };
  }
}

const ACTIONS_ON_SETTINGS = [
  "UpdateTimeToLive",
  "DescribeTimeToLive",
  "UpdateContinuousBackups",
  "DescribeContinuousBackups",
] as const;

type SettingsAction = (typeof ACTIONS_ON_SETTINGS)[number];

export function isSettingsAction(action: string): action is SettingsAction {
  return (ACTIONS_ON_SETTINGS as readonly string[]).includes(action);
}
