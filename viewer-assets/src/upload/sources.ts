/** What is to be uploaded: files, and what lies in zip archives, each opened when its turn comes. */
import { t } from "../messages";
import { isZip, zipEntries, ZipError } from "./zip";

/** One file to send. */
export interface Source {
  /** With the folders above it, as far as they are known. */
  readonly name: string;
  /** Bytes, unpacked. */
  readonly size: number;
  /** The bytes; rejects with a `ZipError` where they cannot be had. */
  readonly content: () => Promise<Blob>;
}

/** All files, those of zip archives one by one. An archive that cannot be read stays one source, which says why. */
export async function sourcesOf(files: readonly File[]): Promise<Source[]> {
  const found = await Promise.all(
    files.map(async (file) => ((await isZip(file)) ? unpacked(file) : [plain(file)])),
  );
  return found.flat();
}

function plain(file: File): Source {
  return {
    name: file.webkitRelativePath || file.name,
    size: file.size,
    content: () => Promise.resolve(file),
  };
}

async function unpacked(file: File): Promise<Source[]> {
  try {
    const entries = await zipEntries(file);
    return entries.map((entry) => ({
      name: `${file.name}/${entry.name}`,
      size: entry.size,
      content: () => entry.content(),
    }));
  } catch (error) {
    const problem = error instanceof ZipError ? error : new ZipError(t("upload.zip.broken"));
    return [{ name: file.name, size: file.size, content: () => Promise.reject(problem) }];
  }
}
