/**
 * Another process listens on a requested port. Remedy: choose another port, or end that process.
 */
export class PortInUseError extends Error {
  override readonly name = "PortInUseError";
  readonly port: number;

  constructor(port: number, options?: ErrorOptions) {
    super(`port ${port} is in use by another process`, options);
    this.port = port;
  }
}
