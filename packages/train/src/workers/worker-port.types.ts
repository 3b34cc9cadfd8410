/** A worker as both sides see it: worker threads of Node and Web Workers behind one face. */

export interface WorkerPort {
  post(message: unknown, transfer?: readonly ArrayBuffer[]): void;
  /** One listener; messages come in order. */
  onMessage(listener: (message: unknown) => void): void;
}

/** The side that started the worker. */
export interface WorkerHandle extends WorkerPort {
  /** Called once when the worker is gone: its error, or the end of its thread. */
  onEnd(listener: (reason: string) => void): void;
  terminate(): void;
}
