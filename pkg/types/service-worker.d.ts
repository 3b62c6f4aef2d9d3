import { Embedder, Haversack, LanguageModel, OpenOptions } from "./index.js";

export { HaversackError } from "./index.js";

export interface ServeOptions extends OpenOptions {
  /** Paths that are answered, at the root of the origin and below the scope. Default `["/api/", "/v1/"]`. */
  paths?: string[];
  /** Keep the page and this package's files for when there is no network. Default `false`. */
  offline?: boolean;
}

export interface RegisterOptions extends RegistrationOptions {
  /** Models that live in this page; the service worker asks them here. */
  llm?: LanguageModel;
  embedder?: Embedder;
}

/** For the service worker's script. */
export function serve(options?: ServeOptions): { open(): Promise<Haversack> };

/** For the page; resolves once calls are answered. */
export function register(url: string | URL, options?: RegisterOptions): Promise<ServiceWorkerRegistration>;
