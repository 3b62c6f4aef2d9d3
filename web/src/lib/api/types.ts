// The API as this app reads it. Spellings are the wire's.

export type ChatMode = "chat" | "query" | "automatic";
export type Scope = "read" | "chat" | "write" | "admin";
export type Role = "admin" | "manager" | "default";

export interface ThreadRow {
  slug: string;
  name: string;
  user_id: number | null;
}

export interface Workspace {
  id: number;
  name: string;
  slug: string;
  createdAt: string;
  openAiTemp: number | null;
  openAiHistory: number;
  openAiPrompt: string | null;
  similarityThreshold: number;
  chatProvider: string | null;
  chatModel: string | null;
  topN: number;
  chatMode: ChatMode;
  queryRefusalResponse: string | null;
  vectorSearchMode: string;
  /** Left out where it is `vector`. */
  searchMode?: SearchMode;
  threads?: ThreadRow[];
  documents?: PlacedDocument[];
}

export type WorkspaceChanges = Partial<
  Pick<
    Workspace,
    | "name"
    | "openAiTemp"
    | "openAiHistory"
    | "openAiPrompt"
    | "similarityThreshold"
    | "chatProvider"
    | "chatModel"
    | "topN"
    | "chatMode"
    | "queryRefusalResponse"
    | "searchMode"
  >
>;

export interface PlacedDocument {
  id: number;
  docId: string;
  filename: string;
  docpath: string;
  /** JSON in a string. */
  metadata: string;
  pinned: boolean;
  createdAt: string;
}

export interface Source {
  id?: string;
  title?: string;
  text?: string;
  score?: number;
  docId?: string;
  docpath?: string;
  page?: number | null;
  headings?: string[];
  start?: number;
  end?: number;
  url?: string;
  chunkSource?: string;
}

export interface Attachment {
  name: string;
  mime: string;
  contentString: string;
}

export interface Metrics {
  duration?: number;
  model?: string;
  provider?: string;
  completion_tokens?: number;
  outputTps?: number;
}

export interface HistoryItem {
  role: "user" | "assistant";
  content: string;
  chatId: number;
  sentAt: number;
  sources?: Source[];
  attachments?: Attachment[];
  metrics?: Metrics;
  type?: string;
}

export interface StreamEvent {
  type: "textResponseChunk" | "textResponse" | "finalizeResponseStream" | "abort";
  textResponse?: string | null;
  close?: boolean;
  error?: string | boolean | null;
  chatId?: number;
  sources?: Source[];
  metrics?: Metrics;
}

export interface LibraryFile {
  name: string;
  type: "file";
  id: string;
  title: string;
  url: string;
  docAuthor: string;
  description: string;
  docSource: string;
  chunkSource: string;
  published: string;
  wordCount: number;
  token_count_estimate: number;
  cached: boolean;
  pinnedWorkspaces?: number[];
}

export interface LibraryFolder {
  name: string;
  type: "folder";
  items: LibraryFile[];
}

export interface Outcome {
  path: string;
  status: "added" | "already_embedded" | "removed" | "moved" | "embedded" | "unknown" | "failed";
  error?: string;
  workspace?: string;
}

export interface CreatedDocument {
  id: string;
  title: string;
  location: string;
  name: string;
  wordCount: number;
  skipped?: string[];
}

export interface Created {
  success: boolean;
  error: string | null;
  documents: CreatedDocument[];
  results?: Outcome[];
  message?: string;
}

export interface Chunk {
  id: string;
  start: number;
  end: number;
  page: number | null;
  headings: string[];
}

export interface DocumentPreview {
  document: LibraryFile;
  docpath: string;
  markdown: boolean;
  createdAt: string;
  skipped: string[];
  text: string;
  pages: { page: number; start: number; end: number }[];
  chunks: Chunk[];
  pinned?: boolean;
}

export interface SearchHit {
  id: string;
  text: string;
  score: number;
  distance: number;
  metadata: {
    title: string;
    docpath?: string;
    docId?: string;
    page?: number | null;
    headings?: string[];
    start?: number;
    end?: number;
  };
}

export type SearchMode = "vector" | "lexical" | "hybrid";

/** What each stage of a search made of a chunk. */
export interface Candidate {
  id: string;
  vectorScore: number;
  lexicalScore: number | null;
  fusedScore: number | null;
  kept: boolean;
}

export interface Me {
  caller: "operator" | "key" | "user" | "anyone";
  user: User | null;
  role: Role | null;
  apiKey: { id: number; name: string | null } | null;
  scopes: Scope[];
  workspaces: string[] | null;
  multiUserMode: boolean;
}

export interface User {
  id: number;
  username: string;
  role: Role;
  suspended: number;
  createdAt: string;
  dailyMessageLimit: number | null;
  bio: string | null;
}

export interface Invite {
  id: number;
  code: string;
  status: "pending" | "claimed" | "disabled";
  claimedBy: { id: number; username: string } | null;
  createdBy: { id: number; username: string } | number | null;
  workspaceIds: string;
  createdAt: string;
}

export interface Member {
  userId: number;
  username: string;
  role: Role;
}

export interface ApiKey {
  id: number;
  name: string | null;
  secret?: string | null;
  hint?: string;
  scopes?: Scope[] | null;
  workspaces?: string[] | null;
  createdAt: string;
  expiresAt?: string | null;
  lastUsedAt?: string | null;
}

export interface Embed {
  id: number;
  uuid: string;
  enabled: boolean;
  chat_mode: "chat" | "query";
  createdAt: string;
  workspace: { id: number; name: string | null };
  chat_count: number;
  allowlist_domains: string[] | null;
  max_chats_per_day: number | null;
  max_chats_per_session: number | null;
}

export interface EmbedSettings {
  enabled?: boolean;
  chat_mode?: "chat" | "query";
  allowlist_domains?: string[] | null;
  max_chats_per_day?: number | null;
  max_chats_per_session?: number | null;
  message_limit?: number | null;
}

export interface LogLine {
  id: number;
  event: string;
  /** JSON in a string. */
  metadata: string;
  occurredAt: string;
  user: { id: number; username: string } | null;
  apiKeyId?: number | null;
}

export type Settings = Record<string, string | number | boolean | null>;

export interface Tried {
  ok: boolean;
  reply?: string;
  dimensions?: number;
  model?: string;
  latencyMs?: number;
  error?: string;
}

export interface ModelServer {
  provider: string;
  name: string;
  base: string | null;
  models: string[];
  error: string | null;
}

export interface Storage {
  documents: number;
  textBytes: number;
  chats: number;
  chunks: number;
  vectorBytes: number;
  workspaces: { slug: string; name: string; documents: number; chunks: number; vectorBytes: number }[];
}
