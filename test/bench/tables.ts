/**
 * The page with each table between its markers (`<!-- name: begin -->` and `<!-- name: end -->`).
 * Throws when the page lacks one of them.
 */
export function withTables(page: string, tables: Readonly<Record<string, string>>): string {
  return Object.entries(tables).reduce((text, [name, table]) => {
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`];
    const [before = "", between] = text.split(begin);
    const after = between?.split(end)[1];
    if (after === undefined) throw new RangeError(`no markers of the table "${name}"`);
    return `${before}${begin}\n\n${table === "" ? "" : `${table}\n\n`}${end}${after}`;
  }, page);
}
