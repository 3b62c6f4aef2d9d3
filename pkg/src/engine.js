// The shape of what answers calls. There is nothing here but types.

/**
 * @typedef {{ method: string, path: string, query: string, headers: [string, string][], body: Uint8Array }} Call
 * @typedef {{
 *   status: number, headers: [string, string][], streaming: boolean,
 *   next(): Promise<Uint8Array | undefined>, cancel(): void,
 * }} Answer
 * @typedef {{
 *   call(call: Call, began?: (effect: string) => void, signal?: AbortSignal): Promise<Answer>, close(): Promise<void>,
 * }} Engine
 */

export {};
