/**
 * Part of a template's monitoring that this stand-in does not know. What it would do wrong in
 * silence, it refuses.
 */
export class UnknownMonitoringError extends Error {
  override readonly name = "UnknownMonitoringError";

  /** `where`: the alarm or the widget; `what`: the property, function or value. */
  constructor(where: string, what: string) {
    super(`${where}: this stand-in for CloudWatch does not know ${what}`);
  }
}
