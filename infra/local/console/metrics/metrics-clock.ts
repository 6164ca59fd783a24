/**
 * The clock of the metrics. It starts at the real time and runs at its speed. A test can speed it
 * up, so that a minute of alarm evaluation takes a second.
 */
export class MetricsClock {
  readonly startMs: number;
  readonly speed: number;

  constructor(speed = 1, startMs = Date.now()) {
    this.startMs = startMs;
    this.speed = speed;
  }

  now(): number {
    return this.at(Date.now());
  }

  /** The metrics' time for a real time; both in milliseconds since 1970. */
  at(realMs: number): number {
    return this.startMs + (realMs - this.startMs) * this.speed;
  }
}
