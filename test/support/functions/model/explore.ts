import { Places, type ActorCode, type Place, type Step } from "./actor.ts";

/** Actors in a world that only their steps, crashes and events change. */
export interface Model<World> {
  readonly start: World;
  /** The code of each actor; it begins anew after a crash. */
  readonly actors: readonly ActorCode<World>[];
  /** A copy that an effect may change; what it contains is never changed. */
  readonly copy: (world: World) => World;
  /** The world as text, and the same as it would be after `calm`. */
  readonly text: (world: World) => string;
  readonly calmText: (world: World) => string;
  readonly mayCrash: (world: World) => boolean;
  /** Notes a crash of an actor. */
  readonly crash: (world: World) => void;
  /** The events outside of the actors that may happen now. */
  readonly events: (world: World) => readonly ((world: World) => void)[];
  /** Throws when the world breaks a guarantee. */
  readonly check: (world: World) => void;
  /** Ends all trouble: afterwards there are no crashes and no events. */
  readonly calm: (world: World) => void;
  /** Throws when something is missing at rest. */
  readonly checkAtRest: (world: World) => void;
}

/** Numbers of different states, of steps, crashes and events between them, of worlds at rest. */
export interface Exploration {
  readonly states: number;
  readonly steps: number;
  readonly ends: number;
}

interface State<World> {
  readonly world: World;
  readonly places: readonly Place<World>[];
}

/** Far more than any scenario needs. */
const MOST_STEPS_TO_REST = 1000;

/**
 * Visits every state that a scenario can reach by any order of steps, crashes and events, and
 * checks each one. From each state it also lets everything come to rest without further trouble,
 * and checks the result.
 */
export async function explore<World>(model: Model<World>): Promise<Exploration> {
  const first = await Promise.all(model.actors.map((code) => new Places(code).first()));
  const seen = new Set<string>();
  const resting = new Set<string>();
  const ends = new Set<string>();
  const open: State<World>[] = [];
  let steps = 0;

  function visit(state: State<World>): void {
    const key = keyOf(model.text(state.world), state);
    if (seen.has(key)) return;
    seen.add(key);
    model.check(state.world);
    open.push(state);
  }

  visit({ world: model.start, places: first });
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    await restFrom(model, state, { resting, ends });
    for await (const next of statesAfter(model, state, first)) {
      steps++;
      visit(next);
    }
  }
  return { states: seen.size, steps, ends: ends.size };
}

async function* statesAfter<World>(
  model: Model<World>,
  state: State<World>,
  first: readonly Place<World>[],
): AsyncGenerator<State<World>> {
  const { world, places } = state;
  for (const [actor, { waiting }] of places.entries()) {
    for (const [step, { effects }] of waiting.entries()) {
      for (const effect of effects) yield await take(model, state, { actor, step, effect });
    }
  }
  for (const [actor, place] of first.entries()) {
    if (!model.mayCrash(world) || places[actor]?.waiting.length === 0) continue;
    yield { world: changed(model, world, model.crash), places: places.with(actor, place) };
  }
  for (const event of model.events(world)) yield { world: changed(model, world, event), places };
}

async function take<World>(
  model: Model<World>,
  { world, places }: State<World>,
  { actor, step, effect }: { actor: number; step: number; effect: Step<World>["effects"][number] },
): Promise<State<World>> {
  const copy = model.copy(world);
  const arrival = await places[actor]?.after(step, effect(copy));
  if (arrival === undefined) throw new Error("there is no such actor");
  for (const look of arrival.looks) look(copy);
  return { world: copy, places: places.with(actor, arrival.place) };
}

/**
 * Lets everything come to rest from a state. The run ends when no actor waits, when it meets a
 * state from which an earlier run came to rest, or when a state repeats, because actors that look
 * for work for ever do so at rest. All its states are added to `resting`, and its end to `ends`.
 */
async function restFrom<World>(
  model: Model<World>,
  { world, places }: State<World>,
  { resting, ends }: { readonly resting: Set<string>; readonly ends: Set<string> },
): Promise<void> {
  let state = { world, places };
  const passed = new Set<string>();
  const turns = new Set<string>();
  for (let steps = 0; ; steps++) {
    if (steps > MOST_STEPS_TO_REST) throw new Error(`no rest after ${steps} steps`);
    const text = model.calmText(state.world);
    const key = keyOf(text, state);
    if (resting.has(key)) break;
    if (steps === 0) state = { world: changed(model, world, model.calm), places };
    passed.add(key);
    const waiting = [...state.places.entries()].filter(([, place]) => place.waiting.length > 0);
    const turn = steps % Math.max(1, waiting.length);
    const [actor, place] = waiting[turn] ?? [];
    const effect = place?.waiting[0]?.effects[0];
    if (actor === undefined || effect === undefined || turns.has(`${turn} ${key}`)) {
      model.checkAtRest(state.world);
      ends.add(text);
      break;
    }
    turns.add(`${turn} ${key}`);
    state = await take(model, state, { actor, step: 0, effect });
    model.check(state.world);
  }
  for (const key of passed) resting.add(key);
}

function changed<World>(model: Model<World>, world: World, change: (world: World) => void): World {
  const copy = model.copy(world);
  change(copy);
  return copy;
}

function keyOf<World>(text: string, { places }: State<World>): string {
  return `${text} ${places.map(({ number }) => number).join()}`;
}
