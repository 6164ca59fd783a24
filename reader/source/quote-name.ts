/** A quoted SQL name. Unlike mysql2's `??`, it takes a dot as a part of the name. */
export function quoteName(name: string): string {
  return `\`${name.replaceAll("`", "``")}\``;
}
