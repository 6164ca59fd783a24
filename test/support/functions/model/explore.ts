/** Ends an actor's attempt at one of its steps, as when its process is killed. */
class Crash extends Error {
  override readonly name = "Crash";
}

/** A step that an actor has asked for. */
interface Waiting {
  readonly label: string;
  readonly take: () => void;
  readonly crash: () => void;
}

/**
 * Something that acts step by step. Its code is ordinary asynchronous code whose every effect goes
 * through `step`; the explorer decides when each step takes place, and whether it takes place at
 * all. Steps asked for side by side take place in any order; what follows them waits for all.
 */
export class Actor {
  readonly name: string;
  done = false;
  /** Between a crash and the next attempt: what is left of the killed one does nothing any more. */
  #killed = false;
  #waiting: Waiting[] = [];
  /** The steps of the present attempt as they were asked for, and what they brought. */
  #history: { readonly label: string; result: string | null }[] = [];

  constructor(name: string) {
    this.name = name;
  }

  /** How many steps it waits for. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** With the code, all that decides what comes next. */
  get progress(): string {
    const steps = this.#history.map(({ label, result }) => `${label}=${result ?? "?"}`);
    return `${this.done} ${steps.join()} ${this.#waiting.map(({ label }) => label).join()}`;
  }

  step<Result>(label: string, effect: () => Result): Promise<Result> {
    if (this.#killed) return Promise.reject(new Crash(label));
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
        crash: () => reject(new Crash(label)),
      });
    });
  }

  /** What comes next depends on nothing that was before. */
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

  /** Has one of the steps that it waits for take place. */
  take(place: number): void {
    const [step] = this.#waiting.splice(place, 1);
    if (step === undefined) throw new Error(`${this.name} waits for nothing`);
    step.take();
  }

  /** Ends the attempt; of the steps that it waits for none takes place. */
  crash(): void {
    this.#killed = true;
    for (const step of this.#waiting.splice(0)) step.crash();
  }
}

/** One execution of a scenario from its beginning. */
export interface Execution {
  readonly actors: readonly Actor[];
  /** Which actors may be killed at the next step. */
  crashable(): readonly Actor[];
  crashed(): void;
  /** What may happen around the actors now. */
  events(): readonly (() => void)[];
  /** The state of everything but the actors, as text; and that state as it is after `calm`. */
  snapshot(): string;
  calmSnapshot(): string;
  /** Throws when the state breaks a promise. */
  check(): void;
  /** Ends all trouble: from here on no crash and no event. */
  calm(): void;
  /** Throws when something is missing after everything has come to rest. */
  checkAtRest(): void;
}

/** Many times what any scenario needs. */
const MOST_STEPS_TO_REST = 1000;

export interface Exploration {
  readonly states: number;
  readonly executions: number;
}

/**
 * Visits every state that a scenario can reach by any order of steps, crashes and events, and
 * checks each; and from each lets everything come to rest without further trouble, and checks that.
 * `start` begins an execution and starts its actors.
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
 * Lets everything come to rest from the state that `path` leads to. The run ends when nobody waits,
 * when it meets a state from which an earlier run came to rest, or when it repeats itself: actors
 * that look for work for ever do so at rest. Its states come to rest too: they are added to
 * `resting`.
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

/** How many things may happen next. */
function choices(execution: Execution): number {
  const steps = execution.actors.reduce((sum, { waiting }) => sum + waiting, 0);
  return steps + execution.crashable().length + execution.events().length;
}

/** Has the step, crash or event of this number happen, numbered in that order. */
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

/** Lets the actors go on until each waits for its next step or is done. */
async function quiet({ actors }: Execution): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    await Promise.resolve();
    if (actors.every(({ waiting, done }) => waiting > 0 || done)) return;
  }
  throw new Error("an actor waits for something that is not a step");
}
