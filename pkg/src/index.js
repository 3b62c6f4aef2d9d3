// Haversack in a page, a worker or Node. `haversack/worker` has the same with the engine off the page's thread.

import { Haversack as Base } from "./haversack.js";
import { openLocal } from "./local.js";

export { HaversackError } from "./errors.js";

/** Documents, and questions about them. */
export class Haversack extends Base {
  /**
   * Opens an instance in this thread.
   * @param {import("../types/index.js").OpenOptions} [options]
   */
  static async open(options = {}) {
    return new this(await openLocal(options));
  }
}
