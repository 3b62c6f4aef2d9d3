import { LanguageModel } from "./index.js";

export interface OpenAiOptions {
  /** Up to and with `/v1`. */
  baseUrl: string;
  model: string;
  apiKey?: string;
  /** Tokens the model reads and writes together. */
  contextWindow?: number;
  maxTokens?: number;
}

export interface OllamaOptions {
  model: string;
  /** Default `http://127.0.0.1:11434`. */
  baseUrl?: string;
  contextWindow?: number;
}

export interface PromptApiOptions {
  contextWindow?: number;
  maxTokens?: number;
  /** From 0 to 1 while the browser fetches the model. */
  onDownload?: (loaded: number) => void;
}

export interface WllamaOptions {
  /** Makes a `Wllama`; called with the first question. */
  load: () => Promise<unknown>;
  /** The GGUF: its address, or its bytes. */
  model: string | URL | Blob | Blob[];
  contextWindow?: number;
  maxTokens?: number;
  /** Further fields of `createChatCompletion`. */
  sampling?: Record<string, unknown>;
  /** Further fields of `loadModel`. */
  loading?: Record<string, unknown>;
  onProgress?: (progress: { loaded: number; total: number }) => void;
}

export function extractive(): LanguageModel;
export function openAiCompatible(options: OpenAiOptions): LanguageModel;
export function ollama(options: OllamaOptions): LanguageModel;
export function promptApi(options?: PromptApiOptions): LanguageModel;
export function promptApiAvailability(): Promise<"available" | "downloadable" | "downloading" | "unavailable">;
export function wllama(options: WllamaOptions): LanguageModel & { start(): Promise<unknown> };
