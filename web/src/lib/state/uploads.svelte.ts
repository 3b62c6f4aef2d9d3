// The queue of what is on its way into a workspace: a few at a time, each with its own progress and its own fate.

import { ApiError, documents as api, isAbort, messageOf, type Created } from "../api";
import { size } from "../format";
import { t } from "../strings";

export type UploadState = "queued" | "sending" | "reading" | "done" | "failed" | "stopped";

type Work =
  | { kind: "file"; file: File; name: string }
  | { kind: "link"; link: string }
  | { kind: "text"; title: string; text: string };

/** At once. The server reads as fast as it can; more at once only make the bars jump. */
const AT_ONCE = 3;

/** The server's own limit; a file beyond it need not be sent to be refused. */
const BYTES_MAX = 256 * 1024 * 1024;

export class Upload {
  readonly id: number;
  readonly slug: string;
  readonly work: Work;
  /** The path of the document that it replaces. */
  readonly replaces: string | null;
  state: UploadState = $state("queued");
  progress = $state(0);
  error = $state("");
  /** Something worth knowing although it went well. */
  note = $state("");
  stop = new AbortController();

  static #ids = 0;

  constructor(slug: string, work: Work, replaces: string | null = null) {
    this.id = ++Upload.#ids;
    this.slug = slug;
    this.work = work;
    this.replaces = replaces;
  }

  get title(): string {
    return this.work.kind === "file" ? this.work.name : this.work.kind === "link" ? this.work.link : this.work.title;
  }

  get over(): boolean {
    return this.state === "done" || this.state === "failed" || this.state === "stopped";
  }
}

class Uploads {
  list: Upload[] = $state([]);
  /** Grows whenever a workspace has got something new. */
  arrived = $state(0);
  #running = 0;

  get busy(): boolean {
    return this.list.some((upload) => !upload.over);
  }

  addFiles(files: { file: File; name: string }[], slug: string): void {
    this.#add(files.map(({ file, name }) => new Upload(slug, { kind: "file", file, name })));
  }

  replace(file: File, slug: string, path: string): void {
    this.#add([new Upload(slug, { kind: "file", file, name: file.name }, path)]);
  }

  addLinks(links: string[], slug: string): void {
    this.#add(links.map((link) => new Upload(slug, { kind: "link", link })));
  }

  addText(title: string, text: string, slug: string): void {
    this.#add([new Upload(slug, { kind: "text", title, text })]);
  }

  again(upload: Upload): void {
    const fresh = new Upload(upload.slug, upload.work, upload.replaces);
    this.list = this.list.map((one) => (one.id === upload.id ? fresh : one));
    this.#next();
  }

  cancel(upload: Upload): void {
    upload.stop.abort();
    if (upload.state === "queued") upload.state = "stopped";
  }

  /** Takes what is over off the list. */
  clear(slug: string): void {
    this.list = this.list.filter((upload) => upload.slug !== slug || !upload.over);
  }

  #add(added: Upload[]): void {
    this.list = [...this.list, ...added];
    this.#next();
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const upload = this.list.find((one) => one.state === "queued");
      if (!upload) return;
      this.#running += 1;
      upload.state = "sending";
      void this.#run(upload).finally(() => {
        this.#running -= 1;
        this.#next();
      });
    }
  }

  async #run(upload: Upload): Promise<void> {
    try {
      const problem = tooMuch(upload.work);
      if (problem) throw new ApiError(413, problem);
      const answer = await send(upload);
      const failed = answer.results?.find((outcome) => outcome.status === "failed" || outcome.status === "unknown");
      if (!answer.success || answer.error || failed) throw new ApiError(200, answer.error ?? failed?.error ?? t.documents.notRead);
      const skipped = answer.documents.flatMap((document) => document.skipped ?? []);
      if (skipped.length > 0) upload.note = t.documents.skipped(skipped.length, skipped[0] ?? "");
      else if (answer.message) upload.note = answer.message;
      if (upload.replaces) await api.remove([upload.replaces]);
      upload.state = "done";
      this.arrived += 1;
    } catch (error) {
      upload.state = isAbort(error) ? "stopped" : "failed";
      upload.error = isAbort(error) ? "" : advice(error);
    }
  }
}

function send(upload: Upload): Promise<Created> {
  const { work, slug, stop } = upload;
  const progress = (fraction: number) => {
    upload.progress = fraction;
    if (fraction >= 1) upload.state = "reading";
  };
  if (work.kind === "file") return api.upload(work.file, work.name, slug, null, progress, stop.signal);
  upload.state = "reading";
  if (work.kind === "link") return api.link(work.link, slug, stop.signal);
  // As a file, whose name stays as it was typed.
  const name = `${work.title.replaceAll("/", "-")}.md`;
  return api.upload(new File([work.text], name, { type: "text/markdown" }), name, slug, null, () => {}, stop.signal);
}

function tooMuch(work: Work): string | null {
  if (work.kind !== "file") return null;
  if (work.file.size > BYTES_MAX) return t.documents.tooLarge(size(work.file.size), size(BYTES_MAX));
  if (work.file.size === 0) return t.documents.emptyFile;
  return null;
}

/** What went wrong, and what to do about it. */
export function advice(error: unknown): string {
  const said = messageOf(error);
  if (!(error instanceof ApiError)) return said;
  if (error.status === 0) return t.documents.lost;
  if (error.status === 413) return said;
  if (error.status === 422 || error.code === "extraction_failed") return `${said} ${t.documents.unreadableHelp}`;
  if (error.status === 507) return `${said} ${t.documents.fullHelp}`;
  return said;
}

/** The files of what was dropped, those in folders too, each with its path. */
export async function dropped(data: DataTransfer): Promise<{ file: File; name: string }[]> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (entries.every((entry) => entry === null)) return [...data.files].map((file) => ({ file, name: file.name }));
  const found: { file: File; name: string }[] = [];
  const walk = async (entry: FileSystemEntry): Promise<void> => {
    // Files that the system keeps for itself are nobody's documents.
    if (entry.name.startsWith(".")) return;
    if (entry.isFile) {
      const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
      found.push({ file, name: file.name });
    } else if (entry.isDirectory) {
      const reader = (entry as FileSystemDirectoryEntry).createReader();
      for (;;) {
        const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
        if (some.length === 0) break;
        for (const one of some) await walk(one);
      }
    }
  };
  for (const entry of entries) if (entry) await walk(entry);
  return found;
}

export const uploads = new Uploads();
