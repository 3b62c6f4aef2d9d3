// Every call this app makes.

import { call, download, stream, upload } from "./client";
import type * as T from "./types";

export * from "./client";
export type * from "./types";

const e = encodeURIComponent;
const at = (slug: string) => `/v1/workspace/${e(slug)}`;
const chat = (slug: string, thread: string | null) => (thread ? `${at(slug)}/thread/${e(thread)}` : at(slug));

export const workspaces = {
  list: async () => (await call<{ workspaces: T.Workspace[] }>("GET", "/v1/workspaces")).workspaces,
  get: async (slug: string) => (await call<{ workspace: T.Workspace[] }>("GET", at(slug))).workspace[0] ?? null,
  create: async (name: string, more: T.WorkspaceChanges = {}) =>
    (await call<{ workspace: T.Workspace }>("POST", "/v1/workspace/new", { body: { name, ...more } })).workspace,
  update: async (slug: string, body: T.WorkspaceChanges) =>
    (await call<{ workspace: T.Workspace }>("POST", `${at(slug)}/update`, { body })).workspace,
  remove: (slug: string) => call<string>("DELETE", at(slug)),
  /** The whole workspace as one file. */
  export: (slug: string) => download(`${at(slug)}/export`),
  import: (file: Blob) => call<{ workspace: T.Workspace; message: string | null }>("POST", "/v1/workspace/import", { body: file }),
};

export const threads = {
  create: async (slug: string, name?: string) =>
    (await call<{ thread: T.ThreadRow }>("POST", `${at(slug)}/thread/new`, { body: name ? { name } : {} })).thread,
  rename: (slug: string, thread: string, name: string) =>
    call<unknown>("POST", `${chat(slug, thread)}/update`, { body: { name } }),
  remove: (slug: string, thread: string) => call<string>("DELETE", chat(slug, thread)),
};

export interface Question {
  message: string;
  mode: T.ChatMode;
  attachments: T.Attachment[];
}

export const chats = {
  history: async (slug: string, thread: string | null, signal?: AbortSignal) => {
    const query = thread ? {} : { limit: 500, orderBy: "asc" };
    const options = signal ? { query, signal } : { query };
    return (await call<{ history: T.HistoryItem[] }>("GET", `${chat(slug, thread)}/chats`, options)).history;
  },
  ask: (slug: string, thread: string | null, question: Question, signal: AbortSignal) =>
    stream<T.StreamEvent>(`${chat(slug, thread)}/stream-chat`, question, signal),
  takeBack: (slug: string, chatId: number) => call<unknown>("DELETE", `${at(slug)}/chats`, { body: { chatId } }),
  reset: (slug: string, thread: string | null) =>
    call<unknown>("POST", `${chat(slug, thread)}/chat`, { body: { message: "", reset: true } }),
};

export const documents = {
  ofWorkspace: async (slug: string) => (await workspaces.get(slug))?.documents ?? [],
  library: async () => (await call<{ localFiles: { items: T.LibraryFolder[] } }>("GET", "/v1/documents")).localFiles.items,
  types: async () => (await call<{ types: Record<string, string[]> }>("GET", "/v1/document/accepted-file-types")).types,
  upload: (file: File, name: string, slug: string | null, folder: string | null, progress: (f: number) => void, signal: AbortSignal) => {
    const form = new FormData();
    if (slug) form.append("addToWorkspaces", slug);
    form.append("file", file, name);
    return upload<T.Created>(`/v1/document/upload${folder ? `/${e(folder)}` : ""}`, form, progress, signal);
  },
  link: (link: string, slug: string | null, signal: AbortSignal) =>
    call<T.Created>("POST", "/v1/document/upload-link", { body: { link, addToWorkspaces: slug ?? "" }, signal }),
  place: (slug: string, adds: string[], deletes: string[]) =>
    call<{ message: string | null; results?: T.Outcome[] }>("POST", `${at(slug)}/update-embeddings`, { body: { adds, deletes } }),
  pin: (slug: string, docPath: string, pinStatus: boolean) =>
    call<unknown>("POST", `${at(slug)}/update-pin`, { body: { docPath, pinStatus } }),
  remove: (names: string[]) =>
    call<{ success: boolean; message: string | null }>("DELETE", "/v1/system/remove-documents", { body: { names } }),
  move: (files: { from: string; to: string }[]) =>
    call<{ success: boolean; message: string | null; results?: T.Outcome[] }>("POST", "/v1/document/move-files", { body: { files } }),
  createFolder: (name: string) => call<{ success: boolean; message: string | null }>("POST", "/v1/document/create-folder", { body: { name } }),
  removeFolder: (name: string) => call<{ success: boolean; message: string | null }>("DELETE", "/v1/document/remove-folder", { body: { name } }),
  preview: (slug: string, path: { path: string } | { id: string }, signal?: AbortSignal) =>
    call<T.DocumentPreview>("GET", `${at(slug)}/document`, signal ? { query: path, signal } : { query: path }),
  read: (name: string, signal?: AbortSignal) =>
    call<T.DocumentPreview>("GET", `/v1/document/${e(name)}/text`, signal ? { signal } : {}),
};

export interface SearchQuery {
  query: string;
  topN: number;
  scoreThreshold: number;
  searchMode: T.SearchMode;
  explain: boolean;
}

export interface SearchAnswer {
  results: T.SearchHit[];
  message?: string;
  /** How the results came about; hosts that do not say leave it out. */
  explain?: { exact: boolean; candidates: T.Candidate[]; removedByThreshold: number; removed: T.SearchHit[] };
}

/** How passages can be found. */
export const SEARCH_MODES: T.SearchMode[] = ["vector", "hybrid", "lexical"];

export const search = (slug: string, body: SearchQuery, signal?: AbortSignal) =>
  call<SearchAnswer>("POST", `${at(slug)}/vector-search`, signal ? { body, signal } : { body });

export const session = {
  me: () => call<T.Me>("GET", "/system/me"),
  isMultiUser: async () => (await call<{ multiUserMode: boolean }>("GET", "/system/multi-user-mode")).multiUserMode,
  signIn: (username: string, password: string) =>
    call<{ valid: boolean; token: string | null; message: string | null }>("POST", "/request-token", { body: { username, password } }),
  signOut: () => call<unknown>("POST", "/session/end"),
  invite: (code: string) => call<{ invite: { code: string } | null; error: string | null }>("GET", `/invite/${e(code)}`),
  accept: (code: string, username: string, password: string) =>
    call<{ success: boolean; error: string | null }>("POST", `/invite/${e(code)}`, { body: { username, password } }),
};

export interface Done {
  success?: boolean;
  error?: string | null;
}

export const system = {
  settings: async () => (await call<{ settings: T.Settings }>("GET", "/v1/system")).settings,
  update: (body: Record<string, string | boolean>) =>
    call<{ newValues: Record<string, string>; error: string | false; warnings?: string[] }>("POST", "/v1/system/update-env", { body }),
  test: (kind: "llm" | "embedder", settings: Record<string, string>, signal: AbortSignal) =>
    call<T.Tried>("POST", "/system/test-model", { body: { kind, settings }, signal }),
  findModels: async (provider?: string, settings?: Record<string, string>) =>
    (await call<{ servers: T.ModelServer[] }>("POST", "/system/find-models", { body: { provider, settings } })).servers,
  storage: () => call<T.Storage>("GET", "/system/storage"),
  version: async () => (await call<{ appVersion: string }>("GET", "/utils/metrics")).appVersion,
  vectorCount: async () => (await call<{ vectorCount: number }>("GET", "/v1/system/vector-count")).vectorCount,
  log: (before?: number, event?: string) =>
    call<{ logs: T.LogLine[]; next: number | null }>("GET", "/v1/system/event-logs", { query: { limit: 100, before, event } }),
  keys: async () => (await call<{ apiKeys: T.ApiKey[] }>("GET", "/system/api-keys")).apiKeys,
  createKey: async (body: { name: string; scopes?: T.Scope[]; workspaces?: string[]; expiresAt?: string }) =>
    (await call<{ apiKey: T.ApiKey }>("POST", "/system/generate-api-key", { body })).apiKey,
  revokeKey: (id: number) => call<unknown>("DELETE", `/system/api-key/${id}`),
  enableUsers: (username: string, password: string) =>
    call<Done>("POST", "/system/enable-multi-user", { body: { username, password } }),
  disableUsers: () => call<Done>("POST", "/system/disable-multi-user"),
};

export const people = {
  list: async () => (await call<{ users: T.User[] }>("GET", "/v1/admin/users")).users,
  create: (body: { username: string; password: string; role: T.Role }) =>
    call<{ user: T.User | null; error: string | null }>("POST", "/v1/admin/users/new", { body }),
  update: (id: number, body: Record<string, unknown>) => call<Done>("POST", `/v1/admin/users/${id}`, { body }),
  remove: (id: number) => call<Done>("DELETE", `/v1/admin/users/${id}`),
  invites: async () => (await call<{ invites: T.Invite[] }>("GET", "/v1/admin/invites")).invites,
  invite: async (workspaceIds: number[]) =>
    (await call<{ invite: T.Invite }>("POST", "/v1/admin/invite/new", { body: { workspaceIds } })).invite,
  withdraw: (id: number) => call<Done>("DELETE", `/v1/admin/invite/${id}`),
  members: async (workspace: number) => (await call<{ users: T.Member[] }>("GET", `/v1/admin/workspaces/${workspace}/users`)).users,
  setMembers: (workspace: number, userIds: number[]) =>
    call<Done>("POST", `/v1/admin/workspaces/${workspace}/update-users`, { body: { userIds } }),
};

export const embeds = {
  list: async () => (await call<{ embeds: T.Embed[] }>("GET", "/v1/embed")).embeds,
  create: async (workspace_slug: string, more: T.EmbedSettings) =>
    (await call<{ embed: { uuid: string } }>("POST", "/v1/embed/new", { body: { workspace_slug, ...more } })).embed,
  update: (uuid: string, body: T.EmbedSettings) => call<Done>("POST", `/v1/embed/${e(uuid)}`, { body }),
  remove: (uuid: string) => call<Done>("DELETE", `/v1/embed/${e(uuid)}`),
};
