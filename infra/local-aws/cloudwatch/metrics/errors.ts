/**
 * The template's monitoring contains something that this stand-in does not implement. It refuses it
 * instead of evaluating it wrongly.
 */
export class UnknownMonitoringError extends Error {
  override readonly name = "UnknownMonitoringError";

  /** `where`: the alarm or the widget; `what`: the property, function or value. */
  constructor(where: string, what: string) {
    super(`${where}: this stand-in for CloudWatch does not support ${what}`);
  }
}
