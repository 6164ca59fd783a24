import { IncompleteTemplateError } from "./errors.ts";
import { isObject, type Template } from "./template.ts";

/**
 * The given resources in an order in which each one follows those that its properties refer to.
 * Throws IncompleteTemplateError on a cycle.
 */
export function creationOrder(template: Template, logicalIds: readonly string[]): string[] {
  const wanted = new Set(logicalIds);
  const order: string[] = [];
  const state = new Map<string, "visiting" | "done">();

  function visit(id: string): void {
    if (!wanted.has(id) || state.get(id) === "done") return;
    if (state.get(id) === "visiting") {
      throw new IncompleteTemplateError(`the resource ${id} depends on itself`);
    }
    state.set(id, "visiting");
    for (const dependency of referencedIds(template.Resources[id]?.Properties)) visit(dependency);
    state.set(id, "done");
    order.push(id);
  }

  for (const id of logicalIds) visit(id);
  return order;
}

/** All names that a part of a template refers to, by `Ref`, `Fn::GetAtt` or in a `Fn::Sub`. */
function referencedIds(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(referencedIds);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, argument]) => {
    if (key === "Ref" && typeof argument === "string") return [argument];
    if (key === "Fn::GetAtt") {
      const id: unknown = Array.isArray(argument) ? argument[0] : argument;
      return typeof id === "string" ? [id.replace(/\..*$/s, "")] : [];
    }
    if (key === "Fn::Sub") {
      const template: unknown = Array.isArray(argument) ? argument[0] : argument;
      const names = typeof template === "string" ? template.matchAll(/\$\{([^!}.][^}.]*)/g) : [];
      return [...Array.from(names, (match) => match[1] ?? ""), ...referencedIds(argument)];
    }
    return referencedIds(argument);
  });
}
