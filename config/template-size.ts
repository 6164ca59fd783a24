import type { ConfigProblem } from "./config-error.ts";
import type { Configuration } from "./configuration.ts";
import { environmentQueues } from "./queues.ts";

type Sized = Pick<
  Configuration,
  "name" | "environments" | "subscribers" | "otherUsers" | "operators" | "alarms"
>;

/** CloudFormation's limit for a template's text, bytes. */
const LONGEST_TEMPLATE = 1_000_000;

/**
 * Reports a stack whose template would be too long. Long lists of principals are the usual reason:
 * the policies of each queue repeat them.
 */
export function templateProblems(config: Sized): ConfigProblem[] {
  const bytes = templateLength(config);
  if (bytes <= LONGEST_TEMPLATE) return [];
  const listed = principalsOf(config);
  return [
    {
      path: "subscribers",
      message: `make ${environmentQueues(config).length} queues, whose policies name ${listed} consumers and operators: the template takes about ${bytes} bytes, and CloudFormation allows ${LONGEST_TEMPLATE}: list a role that several principals assume, shorten the names, or divide the subscribers among several sources, each with a name of its own`,
    },
  ];
}

function principalsOf({ environments, operators }: Sized): number {
  const consumers = Object.values(environments).map((one) => one.consumers.length);
  return operators.length + consumers.reduce((sum, count) => sum + count, 0);
}

/** The template without queues, with a canary and one key for everything. */
const FIXED = 105_000;
const ALARMS = 30;
const PAIR = { bytes: 5_100, alarms: 2, perCharacter: 46, perCharacterOfSource: 22 };
const ENVIRONMENT = { bytes: 1_400, perCharacter: 10 };
const ADDRESS = { bytes: 200, perCharacter: 2 };
/** What a pair's policies take besides the principals' ARNs. */
const WITH_OPERATORS = 850;
const WITH_CONSUMERS = 2_650;
/** How often a pair names an operator; if consumers are listed, how often each principal. */
const NAMED = { open: 2, closed: 5 };
/** How often other policies name a principal. */
const NAMED_ELSEWHERE = 10;

/**
 * An upper bound on the length of the stack's template, bytes, without indentation. The numbers are
 * measured.
 */
export function templateLength(config: Sized): number {
  const { name, environments, operators, alarms } = config;
  const pairs = environmentQueues(config);
  const queues = pairs.map(({ subscriber, environment }) => {
    const consumers = environments[environment]?.consumers ?? [];
    const names = PAIR.perCharacter * (subscriber.length + environment.length);
    const own = PAIR.bytes + names + PAIR.perCharacterOfSource * name.length;
    if (consumers.length === 0) {
      const policies = operators.length === 0 ? 0 : WITH_OPERATORS;
      return own + policies + NAMED.open * arnsLength(operators);
    }
    return own + WITH_CONSUMERS + NAMED.closed * arnsLength([...consumers, ...operators]);
  });
  const others = Object.entries(environments).map(
    ([environment, { consumers }]) =>
      ENVIRONMENT.bytes +
      ENVIRONMENT.perCharacter * environment.length +
      NAMED_ELSEWHERE * arnsLength(consumers),
  );
  const texts = alarms.runbookUrl.length * (ALARMS + PAIR.alarms * pairs.length);
  const addresses = [...alarms.emails, ...alarms.urgentEmails].map(
    ({ length }) => ADDRESS.bytes + ADDRESS.perCharacter * length,
  );
  const all = [
    FIXED,
    texts,
    ...addresses,
    ...queues,
    ...others,
    NAMED_ELSEWHERE * arnsLength(operators),
  ];
  return all.reduce((sum, bytes) => sum + bytes, 0);
}

/** With quotes and commas. */
function arnsLength(arns: readonly string[]): number {
  return arns.reduce((sum, arn) => sum + arn.length + 3, 0);
}
