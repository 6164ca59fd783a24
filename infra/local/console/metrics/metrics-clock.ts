/**
 * The time that metrics have. It begins now and runs with real time; a test lets it run faster, so
 * that a minute of alarms takes a second.
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

  /** The metrics' time at a real time, milliseconds since 1970. */
  at(realMs: number): number {
    return this.startMs + (realMs - this.startMs) * this.speed;
  }
}
