// A page's own models, for an engine in another thread: `serve` at the page, `remote` at the engine.

/** Answers for `llm.complete` and `embedder.embed`. */
export function serve({ llm, embedder }) {
  const answers = new Map();
  const aborts = new Map();
  const begin = (id) => {
    const abort = new AbortController();
    aborts.set(id, abort);
    return abort.signal;
  };
  const end = (id) => {
    answers.delete(id);
    aborts.delete(id);
  };
  return {
    complete({ id, request }) {
      answers.set(id, llm.complete(request, begin(id))[Symbol.asyncIterator]());
    },
    async completeNext(id) {
      const answer = answers.get(id);
      if (!answer) return { done: true };
      try {
        const { done, value } = await answer.next();
        if (done) end(id);
        return { done, value };
      } catch (error) {
        end(id);
        throw error;
      }
    },
    async embed({ id, request }) {
      try {
        const rows = await embedder.embed(request, begin(id));
        return Array.from(rows, (row) => Float32Array.from(row));
      } finally {
        end(id);
      }
    },
    abort(id) {
      aborts.get(id)?.abort();
      end(id);
    },
  };
}

/** An adapter that asks over `peer()`, a function that gives, or waits for, who answers. */
export function remote(peer) {
  let last = 0;
  const abortable = (to, id, signal) => signal.addEventListener("abort", () => to.tell("abort", id));
  return {
    async *complete(request, signal) {
      const to = await peer();
      const id = `c${++last}`;
      abortable(to, id, signal);
      await to.ask("complete", { id, request });
      for (;;) {
        const { done, value } = await to.ask("completeNext", id);
        if (done) return value;
        yield value;
      }
    },
    async embed(request, signal) {
      const to = await peer();
      const id = `e${++last}`;
      abortable(to, id, signal);
      return to.ask("embed", { id, request });
    },
  };
}
