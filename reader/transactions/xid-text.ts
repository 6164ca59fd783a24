/** Matches the hexadecimal form of printable ASCII without quote and backslash. */
const PRINTABLE = /^(?:2[0-68-9a-f]|[346][0-9a-f]|5[0-9abd-f]|7[0-9a-e])*$/;

/**
 * An xid as `XA COMMIT` and `XA ROLLBACK` take it: `'global','branch',1`; a part that is not
 * printable is written in hexadecimal. `xid`: global part and branch in hexadecimal, and the format
 * id, separated by dots.
 */
export function xidText(xid: string): string {
  const [global = "", branch = "", formatId = ""] = xid.split(".");
  return `${partText(global)},${partText(branch)},${formatId}`;
}

function partText(hex: string): string {
  return PRINTABLE.test(hex) ? `'${Buffer.from(hex, "hex").toString("latin1")}'` : `X'${hex}'`;
}
