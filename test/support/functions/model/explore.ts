/** Ends an actor's attempt at one of its steps, as when its process is killed. */
class Crash extends Error {
  override readonly name = "Crash";
}

/**
 * Something that acts step by step. Its code is ordinary asynchronous code whose every effect goes through `step`; the
 * explorer decides when each step takes place, and whether it takes place at all.
 */
export class Actor {
  readonly name: string;
  /** The steps of the present attempt and what they brought: with the code, all that decides what comes next. */
  history: string[] = [];
  done = false;
  /** Between a crash and the next attempt: what is left of the killed one does nothing any more. */
  #killed = false;
  #waiting: { readonly take: () => void; readonly crash: () => void } | null = null;

  constructor(name: string) {
    this.name = name;
  }

  get waiting(): boolean {
    return this.#waiting !== null;
  }

  step<Result>(label: string, effect: () => Result): Promise<Result> {
    if (this.#killed) return Promise.reject(new Crash(label));
    if (this.#waiting !== null) throw new Error(`${this.name} does two things at once`);
    return new Promise((resolve, reject) => {
      this.#waiting = {
        take: () => {
          const result = effect();
          this.history.push(`${label}=${JSON.stringify(result)}`);
          resolve(result);
        },
        crash: () => reject(new Crash(label)),
      };
    });
  }

  /** Runs attempts until one ends without a crash. */
  async run(attempt: () => Promise<void>): Promise<void> {
    for (;;) {
      this.history = [];
      this.#killed = false;
      try {
        await attempt();
        this.done = true;
        return;
      } catch (error) {
        if (!(error instanceof Crash)) throw error;
      }
    }
  }

  take(): void {
    this.#release().take();
  }

  crash(): void {
    this.#killed = true;
    this.#release().crash();
  }

  #release() {
    const waiting = this.#waiting;
    if (waiting === null) throw new Error(`${this.name} waits for nothing`);
    this.#waiting = null;
    return waiting;
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

export interface Exploration {
  readonly states: number;
  readonly executions: number;
}

/**
 * Visits every state that a scenario can reach by any order of steps, crashes and events, and checks each; and from each
 * lets everything come to rest without further trouble, and checks that. `start` begins an execution and starts its actors.
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
      for (let other = 1; other < choices(execution).length; other++) open.push([...path, other]);
      const calmKey = `${execution.calmSnapshot()} ${progress(execution)}`;
      if (!resting.has(calmKey)) await restFrom(start, path, resting);
      if (choices(execution).length === 0) break;
      path = [...path, 0];
      await take(execution, 0);
    }
  }
  return { states: seen.size, executions };
}

/** States that are passed on the way to rest come to rest too: they are added to `resting`. */
async function restFrom(
  start: () => Execution,
  path: readonly number[],
  resting: Set<string>,
): Promise<void> {
  const execution = start();
  await quiet(execution);
  for (const choice of path) await take(execution, choice);
  execution.calm();
  for (let steps = 0; steps < 300; steps++) {
    resting.add(`${execution.calmSnapshot()} ${progress(execution)}`);
    const next = execution.actors.filter(({ waiting }) => waiting);
    const actor = next[steps % Math.max(1, next.length)];
    if (actor === undefined) break;
    actor.take();
    await quiet(execution);
    execution.check();
  }
  execution.checkAtRest();
}

function progress({ actors }: Execution): string {
  return actors.map(({ history, done }) => `${done} ${history.join()}`).join("|");
}

function choices(execution: Execution): (() => void)[] {
  return [
    ...execution.actors.filter(({ waiting }) => waiting).map((actor) => () => actor.take()),
    ...execution.crashable().map((actor) => () => {
      execution.crashed();
      actor.crash();
    }),
    ...execution.events(),
  ];
}

async function take(execution: Execution, choice: number): Promise<void> {
  choices(execution)[choice]?.();
  await quiet(execution);
}

/** Lets the actors go on until each waits for its next step or is done. */
async function quiet({ actors }: Execution): Promise<void> {
  for (let turn = 0; turn < 1000; turn++) {
    await Promise.resolve();
    if (actors.every(({ waiting, done }) => waiting || done)) return;
  }
  throw new Error("an actor waits for something that is not a step");
}
