// The workspaces and their threads, as the sidebar shows them.

import { threads as threadApi, workspaces as api, type ThreadRow, type Workspace, type WorkspaceChanges } from "../api";

class Workspaces {
  list: Workspace[] = $state.raw([]);
  loaded = $state(false);

  async load(): Promise<void> {
    this.list = await api.list();
    this.loaded = true;
  }

  find(slug: string | null): Workspace | null {
    return this.list.find((workspace) => workspace.slug === slug) ?? null;
  }

  thread(slug: string, thread: string): ThreadRow | null {
    return this.find(slug)?.threads?.find((row) => row.slug === thread) ?? null;
  }

  async create(name: string, more: WorkspaceChanges = {}): Promise<Workspace> {
    const made = await api.create(name, more);
    this.list = [...this.list, { ...made, threads: [] }];
    return made;
  }

  async update(slug: string, changes: WorkspaceChanges): Promise<void> {
    const row = await api.update(slug, changes);
    this.#replace(slug, (known) => ({ ...row, threads: known.threads ?? [] }));
  }

  async remove(slug: string): Promise<void> {
    await api.remove(slug);
    this.list = this.list.filter((workspace) => workspace.slug !== slug);
  }

  async createThread(slug: string, name?: string): Promise<ThreadRow> {
    const thread = await threadApi.create(slug, name);
    this.#replace(slug, (known) => ({ ...known, threads: [...(known.threads ?? []), thread] }));
    return thread;
  }

  async renameThread(slug: string, thread: string, name: string): Promise<void> {
    await threadApi.rename(slug, thread, name);
    const renamed = (row: ThreadRow) => (row.slug === thread ? { ...row, name } : row);
    this.#replace(slug, (known) => ({ ...known, threads: (known.threads ?? []).map(renamed) }));
  }

  async removeThread(slug: string, thread: string): Promise<void> {
    await threadApi.remove(slug, thread);
    this.#replace(slug, (known) => ({ ...known, threads: (known.threads ?? []).filter((row) => row.slug !== thread) }));
  }

  #replace(slug: string, change: (known: Workspace) => Workspace): void {
    this.list = this.list.map((workspace) => (workspace.slug === slug ? change(workspace) : workspace));
  }
}

export const workspaces = new Workspaces();
