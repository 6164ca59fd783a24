import { setImmediate } from "node:timers/promises";

/** A step that an actor has requested, with everything that may be its effect. */
export interface Step<World> {
  readonly label: string;
  readonly effects: readonly ((world: World) => unknown)[];
}

/**
 * Something that acts in steps. Its code is ordinary asynchronous code that looks at and changes
 * the world only in `step` and `observe`. The explorer decides when each step happens, and whether
 * it happens at all. Steps that are requested side by side happen in any order.
 */
export interface Actor<World> {
  /** Resolves to the effect's result. Of several effects, any one may happen. */
  step<Value>(label: string, ...effects: ((world: World) => Value)[]): Promise<Value>;
  /** Looks at the world as the last step left it. The actor learns nothing of it. */
  observe(look: (world: World) => void): void;
  /** Declares that the code begins anew: what comes next does not depend on the steps so far. */
  forget(): void;
}

export type ActorCode<World> = (actor: Actor<World>) => Promise<void>;

/** The result of the step at this place among those that were requested. */
interface Result {
  readonly step: number;
  readonly value: unknown;
  readonly text: string;
}

/** A place in an actor's code: what it does next, after certain results of its steps. */
export interface Place<World> {
  /** Different for each place of the actor. */
  readonly number: number;
  readonly waiting: readonly Step<World>[];
  after(step: number, value: unknown): Promise<Arrival<World>>;
}

/** The place that follows a step, and what the actor observed on its way to it. */
export interface Arrival<World> {
  readonly place: Place<World>;
  readonly looks: readonly ((world: World) => void)[];
}

/**
 * The places of an actor. Each is found by running the actor's code by itself, from its beginning
 * with the results of the former steps. That happens once, however many states have the place.
 */
export class Places<World> {
  readonly #code: ActorCode<World>;
  readonly #places = new Map<string, Place<World>>();

  constructor(code: ActorCode<World>) {
    this.#code = code;
  }

  async first(): Promise<Place<World>> {
    return (await this.#run([])).place;
  }

  async #run(results: readonly Result[]): Promise<Arrival<World>> {
    const attempt = new Attempt(this.#code);
    await attempt.rest();
    for (const result of results) {
      attempt.give(result);
      await attempt.rest();
    }
    const { text, looks } = attempt;
    const place = this.#places.get(text) ?? this.#place(attempt, results);
    this.#places.set(text, place);
    return { place, looks };
  }

  #place({ waiting }: Attempt<World>, results: readonly Result[]): Place<World> {
    const known = new Map<string, Arrival<World>>();
    return {
      number: this.#places.size,
      waiting,
      after: async (step, value) => {
        const text = textOf(value);
        const name = `${step} ${text}`;
        const arrival = known.get(name) ?? (await this.#run([...results, { step, value, text }]));
        known.set(name, arrival);
        return arrival;
      },
    };
  }
}

function textOf(value: unknown): string {
  return JSON.stringify(value, asPlain) ?? "";
}

function asPlain(_key: string, part: unknown): unknown {
  return part instanceof Set ? [...part] : part;
}

interface Pending<World> extends Step<World> {
  readonly entry: { readonly label: string; result: string };
  readonly resolve: (value: unknown) => void;
}

/** One run of an actor's code. */
class Attempt<World> implements Actor<World> {
  #isDone = false;
  #failure: { readonly error: unknown } | null = null;
  /** The steps in the order of the requests, with their results. */
  #history: Pending<World>["entry"][] = [];
  #pending: Pending<World>[] = [];
  looks: ((world: World) => void)[] = [];

  constructor(code: ActorCode<World>) {
    code(this).then(
      () => (this.#isDone = true),
      (error: unknown) => (this.#failure = { error }),
    );
  }

  get waiting(): readonly Step<World>[] {
    return [...this.#pending];
  }

  /** Everything that, with the code, decides what the actor does next. */
  get text(): string {
    const steps = this.#history.map(({ label, result }) => `${label}=${result}`);
    return `${this.#isDone} ${steps.join()} ${this.#pending.map(({ label }) => label).join()}`;
  }

  step<Value>(label: string, ...effects: ((world: World) => Value)[]): Promise<Value> {
    const entry = { label, result: "?" };
    this.#history.push(entry);
    return new Promise<unknown>((resolve) => {
      this.#pending.push({ label, effects, entry, resolve });
    }) as Promise<Value>;
  }

  observe(look: (world: World) => void): void {
    this.looks.push(look);
  }

  forget(): void {
    if (this.#pending.length === 0) this.#history = [];
  }

  give({ step, value, text }: Result): void {
    const [given] = this.#pending.splice(step, 1);
    if (given === undefined) throw new Error("no step waits at this place");
    given.entry.result = text;
    this.looks = [];
    given.resolve(value);
  }

  /** Waits until the code can do nothing more without the result of a step. */
  async rest(): Promise<void> {
    await setImmediate();
    if (this.#failure !== null) throw this.#failure.error;
    if (this.#pending.length === 0 && !this.#isDone)
      throw new Error("an actor waits for something that is not a step");
  }
}
