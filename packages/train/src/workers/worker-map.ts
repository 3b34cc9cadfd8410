/**
 * A function over a stream of items, spread over workers, results in the order of the items: tokenization that keeps up
 * with training. A few items per worker are under way at a time, so memory stays bounded; send lists of lines rather than
 * single lines.
 */
import { checkInteger, checkOptions, SeqError } from "@seq/core";
import type { WorkerHandle, WorkerPort } from "./worker-port.types.ts";

type ToMapper =
  | { readonly type: "start"; readonly config: unknown }
  | { readonly type: "item"; readonly id: number; readonly item: unknown };

type FromMapper =
  | { readonly type: "result"; readonly id: number; readonly result: unknown }
  | {
      readonly type: "failed";
      readonly id: number;
      readonly code: string;
      readonly message: string;
    };

/**
 * The worker's side.
 *
 * @param setUp - makes the function from the configuration, once: loads a tokenizer, say.
 * @example serveMap(nodeWorkerPort(), (json) => {
 *   const tokenizer = load(json);
 *   return (lines) => lines.map((line) => tokenizer.encodeToIds(line));
 * });
 */
export function serveMap<Item, Result>(
  port: WorkerPort,
  setUp: (
    config: unknown,
  ) =>
    | ((item: Item) => Result | Promise<Result>)
    | Promise<(item: Item) => Result | Promise<Result>>,
): void {
  let ready: Promise<(item: Item) => Result | Promise<Result>> | undefined;
  const send = (message: FromMapper): void => port.post(message);
  const answer = async (id: number, item: Item): Promise<void> => {
    try {
      const map = await (ready as Promise<(item: Item) => Result | Promise<Result>>);
      send({ type: "result", id, result: await map(item) });
    } catch (error) {
      const code = SeqError.is(error) ? error.code : "WORKER_FAILED";
      send({ type: "failed", id, code, message: error instanceof Error ? error.message : String(error) }); // biome-ignore format: one line
    }
  };
  port.onMessage((received) => {
    const message = received as ToMapper;
    if (message.type === "start") {
      ready = Promise.resolve(message.config).then(setUp);
      ready.catch(() => {}); // told with the first item
    } else void answer(message.id, message.item as Item);
  });
}

export interface MapOptions {
  /** Plain data for `setUp`. */
  readonly config?: unknown;
  /** Items under way per worker (default 2: one is worked on while the next one travels). */
  readonly ahead?: number;
}

/**
 * The other side: results in the order of the items. The workers are ended with the iteration.
 *
 * @throws {SeqError} with the code of a worker's error, or `WORKER_LOST`.
 */
export async function* mapInWorkers<Item, Result>(
  workers: readonly WorkerHandle[],
  items: Iterable<Item> | AsyncIterable<Item>,
  options: MapOptions = {},
): AsyncGenerator<Result> {
  checkOptions("mapInWorkers", options, ["config", "ahead"]);
  const ahead = checkInteger("mapInWorkers", "ahead", options.ahead ?? 2, { min: 1 });
  checkInteger("mapInWorkers", "workers.length", workers.length, { min: 1 });
  const mappers = workers.map((worker) => new Mapper<Result>(worker, options.config));
  const underWay: Promise<Result>[] = [];
  let id = 0;
  try {
    for await (const item of items) {
      // In turn: every worker gets its items in order, and the oldest result is always the next one.
      const mapper = mappers[id % mappers.length] as Mapper<Result>;
      underWay.push(mapper.ask(id++, item));
      if (underWay.length === ahead * mappers.length)
        yield await (underWay.shift() as Promise<Result>);
    }
    while (underWay.length > 0) yield await (underWay.shift() as Promise<Result>);
  } finally {
    for (const worker of workers) worker.terminate();
  }
}

class Mapper<Result> {
  readonly #worker: WorkerHandle;
  readonly #waiting = new Map<
    number,
    { readonly resolve: (result: Result) => void; readonly reject: (error: Error) => void }
  >();
  #lost: SeqError | undefined;

  constructor(worker: WorkerHandle, config: unknown) {
    this.#worker = worker;
    worker.onMessage((received) => {
      const message = received as FromMapper;
      const waiting = this.#waiting.get(message.id);
      this.#waiting.delete(message.id);
      if (message.type === "result") waiting?.resolve(message.result as Result);
      else waiting?.reject(new SeqError(message.message, { code: message.code }));
    });
    worker.onEnd((reason) => {
      this.#lost = new SeqError(`mapInWorkers: a worker ended (${reason}).`, {
        code: "WORKER_LOST",
        details: { reason },
      });
      for (const { reject } of this.#waiting.values()) reject(this.#lost);
      this.#waiting.clear();
    });
    worker.post({ type: "start", config } satisfies ToMapper);
  }

  ask(id: number, item: unknown): Promise<Result> {
    const answer = new Promise<Result>((resolve, reject) => {
      if (this.#lost !== undefined) reject(this.#lost);
      else this.#waiting.set(id, { resolve, reject });
    });
    answer.catch(() => {}); // taken later, in its turn
    this.#worker.post({ type: "item", id, item } satisfies ToMapper);
    return answer;
  }
}
