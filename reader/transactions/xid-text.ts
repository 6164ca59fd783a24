/**
 * Global part and branch that a person can read: printable ASCII without a quote or a backslash.
 */
const PRINTABLE = /^(?:2[0-68-9a-f]|[346][0-9a-f]|5[0-9abd-f]|7[0-9a-e])*$/;

/**
 * An xid as it is written behind `XA COMMIT` and `XA ROLLBACK`: `'global','branch',1`, with parts
 * that are not printable in hexadecimal. `xid`: global part and branch in hexadecimal and the
 * format id, with dots between them.
 */
export function xidText(xid: string): string {
  const [global = "", branch = "", formatId = ""] = xid.split(".");
  return `${partText(global)},${partText(branch)},${formatId}`;
}

function partText(hex: string): string {
  return PRINTABLE.test(hex) ? `'${Buffer.from(hex, "hex").toString("latin1")}'` : `X'${hex}'`;
}
