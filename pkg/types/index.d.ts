/** Options of `Haversack.open`. */
export interface OpenOptions {
  /** Where records are kept: for good in this browser, or until the page goes. Default `indexeddb`, with a bundle `memory`. */
  store?: "indexeddb" | "memory";
  /** Name of the database; tabs that use the same share everything. Default `haversack`. */
  name?: string;
  /** Whether a write is on the disk before it is acknowledged (`true`) or may be lost when the machine stops. */
  durable?: boolean;
  /** A workspace that was exported: this opens with it, in memory. */
  bundle?: Bundle;
  /** What answers; without it the best sentences of the documents do. */
  llm?: LanguageModel;
  /** What embeds; without it the embedder that comes with Haversack. */
  embedder?: Embedder;
  /** Further settings, by the names of the server's variables. */
  env?: Record<string, string | number | boolean | undefined>;
  /** Whether calls need an API key (`false`) or are those of the instance's owner (`true`, the default). */
  operator?: boolean;
  /** Whether addresses that come with a request may be private ones. */
  allowPrivateAddresses?: boolean;
  /** `false` takes the build without SIMD. */
  simd?: boolean;
  /** `false` reads files in this thread rather than in a worker of their own. */
  extractInWorker?: boolean;
  /** Brings the files of this package from elsewhere. */
  load?: (url: URL) => Promise<ArrayBuffer | Uint8Array>;
  /** Milliseconds since 1970; default `Date.now`. */
  now?: () => number;
  /** So many random bytes; default those of `crypto`. */
  random?: (length: number) => Uint8Array;
  /** Local time minus UTC in minutes; default the machine's. */
  utcOffset?: () => number;
  /** Sends outbound requests; default `fetch`. */
  fetch?: typeof fetch;
  /** Takes warnings and errors; default `console`. */
  log?: { warn?(message: string): void; error?(message: string): void };
}

/** The address of an exported workspace, or its bytes. */
export type Bundle = string | URL | Blob | Uint8Array | ArrayBuffer;

/** A question for a language model. */
export interface ModelRequest {
  model: string;
  messages: { role: "system" | "user" | "assistant"; content: string }[];
  temperature: number;
  maxTokens: number;
}

/** What a model may return after its last word. */
export interface Counted {
  promptTokens?: number;
  completionTokens?: number;
}

/** Something that answers. With only `env` the engine asks a server itself. */
export interface LanguageModel {
  env?: Record<string, string | number | undefined>;
  complete?(request: ModelRequest, signal: AbortSignal): AsyncIterable<string, Counted | void>;
}

/** Something that turns texts into vectors, one for each. */
export interface Embedder {
  env?: Record<string, string | number | undefined>;
  embed?(request: { model: string; texts: string[] }, signal: AbortSignal): Promise<ArrayLike<number>[]>;
}

/** A file that is no `File`. */
export interface NamedData {
  name: string;
  data: BlobPart;
}

/** How far an upload is. */
export interface Progress {
  file: string;
  stage: "sending" | "reading" | "indexing" | "done";
  step: number;
  steps: number;
}

export interface AddOptions {
  /** The workspace, made if it is not there. */
  workspace: string;
  /** The file's name, where it has none. */
  name?: string;
  metadata?: Record<string, string>;
  onProgress?: (progress: Progress) => void;
  signal?: AbortSignal;
}

export interface ChatOptions {
  thread?: string;
  /** `query` answers from the documents only. Default `chat`. */
  mode?: "chat" | "query" | "automatic";
  sessionId?: string;
  signal?: AbortSignal;
}

export interface Source {
  id: string;
  title: string;
  text: string;
  score?: number;
  [field: string]: unknown;
}

/** What `chat` yields. */
export type ChatEvent =
  | { type: "token"; text: string }
  | { type: "sources"; sources: Source[] }
  | { type: "done"; chatId?: number; metrics?: Record<string, unknown> };

export interface Workspace {
  id: number;
  name: string;
  slug: string;
  [field: string]: unknown;
}

export interface SearchResult {
  id: string;
  text: string;
  metadata: Record<string, unknown>;
  distance: number;
  score: number;
}

export interface Document {
  id: string;
  location: string;
  name: string;
  title: string;
  [field: string]: unknown;
}

/** Documents, and questions about them. */
export class Haversack {
  static open(options?: OpenOptions): Promise<Haversack>;
  /** Answers a request to the API (`/api/…`, `/v1/…`) as `fetch` would if there were a server. */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
  workspaces(): Promise<Workspace[]>;
  /** The workspace of this slug, made if it is not there. */
  workspace(slug: string): Promise<Workspace>;
  add(file: File | Blob | NamedData, options: AddOptions): Promise<Document[]>;
  /** Takes a document out of a workspace; `location` is what `add` gave. */
  remove(location: string, options: { workspace: string }): Promise<void>;
  search(
    workspace: string,
    query: string,
    options?: { topN?: number; scoreThreshold?: number; signal?: AbortSignal },
  ): Promise<SearchResult[]>;
  chat(workspace: string, message: string, options?: ChatOptions): AsyncGenerator<ChatEvent, void, void>;
  history(
    workspace: string,
    options?: { thread?: string; limit?: number },
  ): Promise<{ role: "user" | "assistant"; content: string; [field: string]: unknown }[]>;
  /** Takes in a workspace that was exported, here or on any other host. */
  import(bundle: Bundle, options?: { name?: string; signal?: AbortSignal }): Promise<Workspace>;
  /** A workspace as one file, for any other host. */
  export(workspace: string, options?: { signal?: AbortSignal }): Promise<Blob>;
  close(): Promise<void>;
}

/** What goes wrong, in words for people. */
export class HaversackError extends Error {
  /** HTTP status of the API's answer; 0 where there was none. */
  status: number;
  /** `full`, `refused`, `unavailable`, `timeout`, `unsupported`, `failed`, or the API's code. */
  kind: string;
}
