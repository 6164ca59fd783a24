/**
 * Ends an actor's attempt at one of its steps, as a kill of its process would. It is one error for
 * all crashes, because each new one would record a stack.
 */
const CRASH = new Error("killed");

/** A step that an actor has requested. */
interface Waiting {
  readonly label: string;
  readonly take: () => void;
  readonly crash: () => void;
}

/**
 * Something that acts in steps. Its code is ordinary asynchronous code that performs every effect
 * in `step`; the explorer decides when each step happens, and whether it happens at all. Steps that
 * are requested side by side happen in any order; what follows waits for all of them.
 */
export class Actor {
  readonly name: string;
  done = false;
  /**
   * True from a crash to the next attempt, so that the rest of the killed attempt has no effects.
   */
  #killed = false;
  #waiting: Waiting[] = [];
  /** The steps of the present attempt in the order of the requests, with their results. */
  #history: { readonly label: string; result: string | null }[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** How many requested steps have not happened yet. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Everything that, with the code, decides what the actor does next. */
  get progress(): string {
    const steps = this.#history.map(({ label, result }) => `${label}=${result ?? "?"}`);
    return `${this.done} ${steps.join()} ${this.#waiting.map(({ label }) => label).join()}`;
  }

  step<Result>(label: string, effect: () => Result): Promise<Result> {
    if (this.#killed) return Promise.reject(CRASH);
    const entry: { label: string; result: string | null } = { label, result: null };
    this.#history.push(entry);
    return new Promise((resolve, reject) => {
      this.#waiting.push({
        label,
        take: () => {
          const result = effect();
          entry.result = JSON.stringify(result) ?? "";
          resolve(result);
        },
        crash: () => reject(CRASH),
      });
    });
  }

  /** Declares that what comes next does not depend on the steps so far. */
  forget(): void {
    this.#history = [];
  }

  /** Runs attempts until one ends without a crash. */
  async run(attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      this.forget();
      this.#killed = false;
      try {
        await attempt();
        this.done = true;
        return;
      } catch (error) {
        if (!this.#killed) throw error;
      }
    }
  }

  /** Performs one of the requested steps. */
  take(place: number): void {
    const [step] = this.#waiting.splice(place, 1);
    if (step === undefined) throw new Error(`${this.name} waits for nothing`);
    step.take();
  }

  /** Ends the attempt; none of its requested steps happens. */
  crash(): void {
    this.#killed = true;
    for (const step of this.#waiting.splice(0)) step.crash();
  }
}

/** One execution of a scenario from its beginning. */
export interface Execution {
  readonly actors: readonly Actor[];
  /** The actors that may be killed at the next step. */
  crashable(): readonly Actor[];
  crashed(): void;
  /** The events outside of the actors that may happen now. */
  events(): readonly (() => void)[];
  /** The state of everything but the actors as text, and the same as it would be after `calm`. */
  snapshot(): string;
  calmSnapshot(): string;
  /** Throws when the state breaks a guarantee. */
  check(): void;
  /** Ends all trouble: afterwards there are no crashes and no events. */
  calm(): void;
  /** Throws when something is missing at rest. */
  checkAtRest(): void;
}

/** Far more than any scenario needs. */
const MOST_STEPS_TO_REST = 1000;

export interface Exploration {
  readonly states: number;
  readonly executions: number;
}

/**
 * Visits every state that a scenario can reach by any order of steps, crashes and events, and
 * checks each one. From each state it also lets everything come to rest without further trouble,
 * and checks the result. `start` begins an execution and starts its actors.
 */
export async function explore(start: () => Execution): Promise<Exploration> {
  const seen = new Set<string>();
  const resting = new Set<string>();
  const open: number[][] = [[]];
  let executions = 0;
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    executions++;
    const execution = start();
    await quiet(execution);
    for (const choice of path) await take(execution, choice);
    for (;;) {
      const key = `${execution.snapshot()} ${progress(execution)}`;
      if (seen.has(key)) break;
      seen.add(key);
      execution.check();
      for (let other = 1; other < choices(execution); other++) open.push([...path, other]);
      const calmKey = `${execution.calmSnapshot()} ${progress(execution)}`;
      if (!resting.has(calmKey)) await restFrom(start, path, resting);
      if (choices(execution) === 0) break;
      path = [...path, 0];
      await take(execution, 0);
    }
  }
  return { states: seen.size, executions };
}

/**
 * Lets everything come to rest from the state that `path` leads to. The run ends when no actor
 * waits, when it meets a state from which an earlier run came to rest, or when a state repeats,
 * because actors that look for work for ever do so at rest. All its states are added to `resting`.
 */
async function restFrom(
  start: () => Execution,
  path: readonly number[],
  resting: Set<string>,
): Promise<void> {
  const execution = start();
  await quiet(execution);
  for (const choice of path) await take(execution, choice);
  execution.calm();
  const passed = new Set<string>();
  const turns = new Set<string>();
  for (let steps = 0; ; steps++) {
    if (steps > MOST_STEPS_TO_REST) throw new Error(`no rest after ${steps} steps`);
    const key = `${execution.calmSnapshot()} ${progress(execution)}`;
    if (resting.has(key)) break;
    passed.add(key);
    const next = execution.actors.filter(({ waiting }) => waiting > 0);
    const place = steps % Math.max(1, next.length);
    const actor = next[place];
    const turn = `${place} ${key}`;
    if (actor === undefined || turns.has(turn)) {
      execution.checkAtRest();
      break;
    }
    turns.add(turn);
    actor.take(0);
    await quiet(execution);
    execution.check();
  }
  for (const key of passed) resting.add(key);
}

function progress({ actors }: Execution): string {
  return actors.map((actor) => actor.progress).join("|");
}

/** How many different things may happen next. */
function choices(execution: Execution): number {
  const steps = execution.actors.reduce((sum, { waiting }) => sum + waiting, 0);
  return steps + execution.crashable().length + execution.events().length;
}

/** Performs the step, crash or event with this number; they are numbered in this order. */
async function take(execution: Execution, choice: number): Promise<void> {
  act(execution, choice);
  await quiet(execution);
}

function act(execution: Execution, choice: number): void {
  let place = choice;
  for (const actor of execution.actors) {
    if (place < actor.waiting) return actor.take(place);
    place -= actor.waiting;
  }
  const crashable = execution.crashable();
  const killed = crashable[place];
  if (killed === undefined) return execution.events()[place - crashable.length]?.();
  execution.crashed();
  killed.crash();
}

/** Lets the actors run until each waits for its next step or has ended. */
async function quiet({ actors }: Execution): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    await Promise.resolve();
    if (actors.every(({ waiting, done }) => waiting > 0 || done)) return;
  }
  throw new Error("an actor waits for something that is not a step");
}
