import {
  IncompleteTemplateError,
  NoLocalResourceError,
  UnsupportedTemplateError,
} from "./errors.ts";
import { isObject, type Template } from "./template.ts";

/**
 * A created resource's names: the value of `Ref`, and those of `Fn::GetAtt` for each of its
 * attributes.
 */
export interface PhysicalResource {
  readonly ref: string;
  readonly attributes: Readonly<Record<string, string>>;
}

export interface EvaluationContext {
  readonly template: Template;
  /** The values of `AWS::Region` and the like by name. */
  readonly pseudoParameters: Readonly<Record<string, string>>;
  readonly physical: ReadonlyMap<string, PhysicalResource>;
  /** The exports of other stacks, for `Fn::ImportValue`. */
  readonly imports?: Readonly<Record<string, string>>;
}

/**
 * Replaces the intrinsic functions in a part of a template by their values, as CloudFormation
 * documents them
 * (docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html).
 * `path` is the part's place, for error messages. Throws UnsupportedTemplateError for an unknown
 * function or attribute or a resource that is not here, IncompleteTemplateError for a missing one.
 */
export function evaluate(value: unknown, context: EvaluationContext, path: string): unknown {
  if (Array.isArray(value)) {
    return value
      .map((item, index) => evaluate(item, context, `${path}[${index}]`))
      .filter((item) => item !== undefined);
  }
  if (!isObject(value)) return value;
  const [name, ...others] = Object.keys(value);
  if (name !== undefined && others.length === 0 && isIntrinsic(name)) {
    const call = INTRINSICS[name];
    if (call === undefined)
      throw new UnsupportedTemplateError(path, `the intrinsic function ${name}`);
    return call(value[name], context, `${path}.${name}`);
  }
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, item]) => [key, evaluate(item, context, `${path}.${key}`)] as const)
      // `AWS::NoValue` removes the key that has it as its value.
      .filter(([, item]) => item !== undefined),
  );
}

function isIntrinsic(key: string): boolean {
  return key === "Ref" || key === "Condition" || key.startsWith("Fn::");
}

type Intrinsic = (argument: unknown, context: EvaluationContext, path: string) => unknown;

const INTRINSICS: Readonly<Record<string, Intrinsic>> = {
  Ref: (name, context, path) => reference(text(name, path), context, path),

  "Fn::GetAtt": (argument, context, path) => {
    const parts = typeof argument === "string" ? argument.split(".") : list(argument, path);
    const [id, ...attribute] = parts.map((part) => text(evaluate(part, context, path), path));
    return attributeOf(id ?? "", attribute.join("."), context, path);
  },

  "Fn::Sub": (argument, context, path) => {
    const [template, variables] = Array.isArray(argument) ? argument : [argument, {}];
    const values = evaluate(variables, context, path);
    return text(template, path).replace(
      /\$\{(!?)([^}]*)\}/g,
      (_, literal: string, name: string) => {
        if (literal === "!") return `\${${name}}`;
        if (isObject(values) && name in values) return text(values[name], path);
        const dot = name.indexOf(".");
        return dot < 0
          ? text(reference(name, context, path), path)
          : attributeOf(name.slice(0, dot), name.slice(dot + 1), context, path);
      },
    );
  },

  "Fn::Join": (argument, context, path) => {
    const [separator, items] = list(argument, path);
    return list(evaluate(items, context, path), path)
      .map((item) => text(item, path))
      .join(text(separator, path));
  },

  "Fn::Select": (argument, context, path) => {
    const [index, items] = list(argument, path);
    const choices = list(evaluate(items, context, path), path);
    const chosen = choices[Number(evaluate(index, context, path))];
    if (chosen === undefined) throw new IncompleteTemplateError(`${path} selects nothing`);
    return chosen;
  },

  "Fn::Split": (argument, context, path) => {
    const [separator, whole] = list(argument, path);
    return text(evaluate(whole, context, path), path).split(text(separator, path));
  },

  "Fn::Base64": (argument, context, path) =>
    Buffer.from(text(evaluate(argument, context, path), path)).toString("base64"),

  "Fn::ImportValue": (argument, context, path) => {
    const name = text(evaluate(argument, context, path), path);
    const value = context.imports?.[name];
    if (value === undefined) throw new IncompleteTemplateError(`nothing exports ${name} (${path})`);
    return value;
  },

  "Fn::FindInMap": (argument, context, path) => {
    const keys = list(evaluate(argument, context, path), path).map((key) => text(key, path));
    const found = keys.reduce<unknown>(
      (map, key) => (isObject(map) ? map[key] : undefined),
      context.template.Mappings,
    );
    if (found === undefined) throw new IncompleteTemplateError(`${path} finds nothing`);
    return found;
  },

  "Fn::If": (argument, context, path) => {
    const [condition, whenTrue, whenFalse] = list(argument, path);
    const chosen = conditionHolds(text(condition, path), context, path) ? whenTrue : whenFalse;
    return evaluate(chosen, context, path);
  },

  "Fn::Equals": (argument, context, path) => {
    const [left, right] = list(evaluate(argument, context, path), path);
    return left === right;
  },
  "Fn::And": (argument, context, path) =>
    list(evaluate(argument, context, path), path).every((item) => item === true),
  "Fn::Or": (argument, context, path) =>
    list(evaluate(argument, context, path), path).some((item) => item === true),
  "Fn::Not": (argument, context, path) => list(evaluate(argument, context, path), path)[0] !== true,
  Condition: (name, context, path) =>
    // `Condition` is also an ordinary key in the statements of a policy.
    typeof name === "string"
      ? conditionHolds(name, context, path)
      : { Condition: evaluate(name, context, path) },
};

/** Whether a condition of the template is true. */
export function conditionHolds(name: string, context: EvaluationContext, path: string): boolean {
  const condition = context.template.Conditions?.[name];
  if (condition === undefined) throw new IncompleteTemplateError(`no condition ${name} (${path})`);
  return evaluate(condition, context, `Conditions.${name}`) === true;
}

function reference(name: string, context: EvaluationContext, path: string): unknown {
  if (name === "AWS::NoValue") return undefined;
  const pseudo = context.pseudoParameters[name];
  if (pseudo !== undefined) return pseudo;
  const parameter = context.template.Parameters?.[name];
  if (parameter?.Default !== undefined) return parameter.Default;
  return physicalResource(name, context, path).ref;
}

function attributeOf(
  id: string,
  attribute: string,
  context: EvaluationContext,
  path: string,
): string {
  const value = physicalResource(id, context, path).attributes[attribute];
  if (value === undefined) {
    const type = context.template.Resources[id]?.Type ?? "resource";
    throw new UnsupportedTemplateError(path, `the attribute ${attribute} of the ${type} ${id}`);
  }
  return value;
}

function physicalResource(id: string, context: EvaluationContext, path: string): PhysicalResource {
  const physical = context.physical.get(id);
  if (physical !== undefined) return physical;
  const resource = context.template.Resources[id];
  if (resource === undefined) throw new IncompleteTemplateError(`no resource ${id} (${path})`);
  throw new NoLocalResourceError(path, resource.Type, id);
}

function text(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw new IncompleteTemplateError(`${path} needs a text`);
}

function list(value: unknown, path: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw new IncompleteTemplateError(`${path} needs a list`);
}
