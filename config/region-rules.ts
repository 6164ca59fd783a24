import { type ConfigProblem, pathText } from "./config-error.ts";
import type { Configuration } from "./configuration.ts";

/** The parts of a configuration that name resources of one region. */
type Regional = Pick<Configuration, "source" | "canary" | "environments" | "encryptionKeyArn">;

/**
 * Reports secrets, keys and topics that are in another region than the stack. `region`: the
 * stack's; undefined when the deployment decides, and then all must be in the region of the first.
 */
export function regionProblems(config: Regional, region: string | undefined): ConfigProblem[] {
  const named = arnsOf(config);
  const [first] = named;
  if (first === undefined) return [];
  const expected = region ?? regionOf(first.arn);
  const whose = region === undefined ? first.path : "the stack";
  return named
    .filter(({ arn }) => regionOf(arn) !== expected)
    .map(({ path, arn }) => ({
      path,
      message: `is in ${regionOf(arn)}, and ${whose} is in ${expected}: AWS takes only a secret, key or topic of the stack's own region`,
    }));
}

interface NamedArn {
  readonly path: string;
  readonly arn: string;
}

function arnsOf({ source, canary, environments, encryptionKeyArn }: Regional): NamedArn[] {
  const found: readonly [string, string | undefined][] = [
    ["source.secretArn", source.secretArn],
    ["source.secretKeyArn", source.secretKeyArn],
    ["canary.secretArn", canary?.secretArn],
    ["canary.secretKeyArn", canary?.secretKeyArn],
    ["encryptionKeyArn", encryptionKeyArn],
    ...Object.entries(environments).map(([name, { alarms }]): [string, string | undefined] => [
      pathText(["environments", name, "alarms", "topicArn"]),
      alarms?.topicArn,
    ]),
  ];
  return found.flatMap(([path, arn]) => (arn === undefined ? [] : [{ path, arn }]));
}

function regionOf(arn: string): string {
  return arn.split(":")[3] ?? "";
}
