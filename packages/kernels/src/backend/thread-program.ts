/**
 * The program of a kernel thread, as text: it starts from a string (no file to find, no bundler to teach) in
 * Node's workers and in a page's.
 *
 * `control` is an Int32Array over shared memory, apart from the heap:
 *   0 state: generation << 16 | chunks << 8 | next chunk    1 chunks done    2 offset of the task
 *   3 threads asleep    4 threads that failed
 * A thread claims a chunk by raising the state by one, which fails when the state has moved on: nobody can
 * take a chunk of a task that is over. After a short spin without work it sleeps until it is woken.
 */
export const control = { state: 0, done: 1, task: 2, asleep: 3, failed: 4 } as const;

export const threadProgram = `
function serve({ module, memory, shared, thread }) {
  const control = new Int32Array(shared);
  const { run } = new WebAssembly.Instance(module, { env: { memory } }).exports;
  for (;;) {
    const state = waitForChunk();
    if (Atomics.compareExchange(control, 0, state, state + 1) !== state) continue;
    try {
      run(control[2], state & 255, thread);
    } catch {
      Atomics.add(control, 4, 1);
    }
    const chunks = (state >>> 8) & 255;
    if (Atomics.add(control, 1, 1) + 1 === chunks) Atomics.notify(control, 1);
  }
  function waitForChunk() {
    for (;;) {
      for (let spin = 0; spin < 20000; spin++) {
        const state = Atomics.load(control, 0);
        if ((state & 255) < ((state >>> 8) & 255)) return state;
      }
      Atomics.add(control, 3, 1);
      const state = Atomics.load(control, 0);
      if ((state & 255) >= ((state >>> 8) & 255)) Atomics.wait(control, 0, state);
      Atomics.sub(control, 3, 1);
    }
  }
}
`;

/** How the program gets its data in Node, and in a page. */
export const nodeStart = `serve(require("node:worker_threads").workerData);`;
export const pageStart = "onmessage = ({ data }) => serve(data);";
