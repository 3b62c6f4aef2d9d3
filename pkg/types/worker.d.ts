import { Haversack as Base, OpenOptions } from "./index.js";

export { HaversackError } from "./index.js";

/** Options that are functions, but those of models, stay behind: a worker has its own clock and its own `fetch`. */
export interface WorkerOptions extends Omit<OpenOptions, "now" | "random" | "utcOffset" | "fetch" | "log" | "load"> {
  /** A worker that runs `haversack`'s `src/worker-entry.js`, where a bundler wants to start it itself. */
  worker?: Worker;
}

/** The same with the engine in a worker. */
export class Haversack extends Base {
  static open(options?: WorkerOptions): Promise<Haversack>;
}
