import { arnMatches, globMatches, type Request, type Statement } from "./policy.ts";

type Compare = (expected: string, actual: string) => boolean;

/** The operators by their name without Not and IfExists. */
const OPERATORS: Readonly<Record<string, Compare>> = {
  StringEquals: (expected, actual) => expected === actual,
  StringEqualsIgnoreCase: (expected, actual) => expected.toLowerCase() === actual.toLowerCase(),
  StringLike: globMatches,
  // The two are the same: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
  ArnEquals: arnMatches,
  ArnLike: arnMatches,
  Bool: (expected, actual) => expected === actual,
  NumericEquals: (expected, actual) => Number(actual) === Number(expected),
  NumericLessThan: (expected, actual) => Number(actual) < Number(expected),
  NumericGreaterThan: (expected, actual) => Number(actual) > Number(expected),
};

/**
 * Whether all conditions of a statement hold. Throws TypeError for an operator that is not known
 * here, because a condition that is left out would make the result wrong.
 */
export function conditionsHold({ Condition = {} }: Statement, request: Request): boolean {
  return Object.entries(Condition).every(([operator, keys]) =>
    Object.entries(keys).every(([key, expected]) =>
      holds(operator, [expected].flat().map(String), valuesOf(key, request)),
    ),
  );
}

function holds(operator: string, expected: readonly string[], actual: readonly string[] | null) {
  if (operator === "Null") return expected.includes(String(actual === null));
  const isOptional = operator.endsWith("IfExists");
  const name = isOptional ? operator.slice(0, -"IfExists".length) : operator;
  const isNegated = name.includes("Not");
  const compare = OPERATORS[name.replace("Not", "")];
  if (compare === undefined) throw new TypeError(`a condition that is not known: ${operator}`);
  // A missing key makes a negated comparison true and any other one false.
  if (actual === null) return isOptional || isNegated;
  const isSome = actual.some((value) => expected.some((one) => compare(one, value)));
  return isSome !== isNegated;
}

/** Keys are the same in any case. Null: the request has no such key. */
function valuesOf(key: string, { caller, context }: Request): readonly string[] | null {
  const lower = key.toLowerCase();
  if (lower === "aws:principalarn") return caller.service === undefined ? [caller.arn] : null;
  const [, value] = Object.entries(context).find(([one]) => one.toLowerCase() === lower) ?? [];
  return value === undefined ? null : [value].flat();
}
