/**
 * There is no usable MySQL server program on this machine, and none could be downloaded. The
 * message says what to install.
 */
export class MysqlNotFoundError extends Error {
  override readonly name = "MysqlNotFoundError";
}

/**
 * The server program ended, or was not ready in time. `log` holds the last lines of its error log.
 */
export class MysqlStartError extends Error {
  override readonly name = "MysqlStartError";
  readonly log: readonly string[];

  constructor(reason: string, log: readonly string[], options?: ErrorOptions) {
    super(
      [`MySQL did not start: ${reason}`, ...log.map((line) => `  ${line}`)].join("\n"),
      options,
    );
    this.log = log;
  }
}

/** Another program listens on the requested port. */
export class PortInUseError extends Error {
  override readonly name = "PortInUseError";
  readonly port: number;

  constructor(port: number, options?: ErrorOptions) {
    super(`port ${port} is in use by another program`, options);
    this.port = port;
  }
}
