/**
 * Zip archives, read in the browser (APPNOTE 6.3.10): entries that are stored or deflated, also in archives beyond 4 GB.
 *
 * Only the directory is read at first. An entry is unpacked when it is its turn, and never to more bytes than it says
 * and than is allowed: an archive that claims little and unpacks to a lot harms nobody.
 */
import { t } from "../messages";

/** Why an archive or an entry cannot be read, as a sentence. */
export class ZipError extends Error {}

export interface ZipEntry {
  readonly name: string;
  /** Bytes when unpacked, as the archive says. */
  readonly size: number;
  readonly content: () => Promise<Blob>;
}

export const LARGEST_ENTRY = 2 ** 31;
export const MOST_ENTRIES = 200_000;
const LARGEST_DIRECTORY = 256 << 20;

const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const END_64 = 0x06064b50;
const LOCATOR_64 = 0x07064b50;
const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const LONGEST_COMMENT = 0xffff;
const [STORED, DEFLATED] = [0, 8];

/** Whether a file begins as zip archives do; an empty archive is none for us. */
export async function isZip(file: Blob): Promise<boolean> {
  return file.size > END_BYTES && (await view(file, 0, 4)).getUint32(0, true) === LOCAL;
}

/** The files of an archive; folders are left out. Rejects with a `ZipError`. */
export async function zipEntries(file: Blob): Promise<ZipEntry[]> {
  const { offset, size, count } = await findDirectory(file);
  if (count > MOST_ENTRIES || size > LARGEST_DIRECTORY) throw new ZipError(t("upload.zip.large"));
  if (offset + size > file.size) throw new ZipError(t("upload.zip.broken"));
  const directory = await view(file, offset, size);
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (at + 46 > size || directory.getUint32(at, true) !== CENTRAL)
      throw new ZipError(t("upload.zip.broken"));
    const header = readHeader(directory, at);
    if (!header.name.endsWith("/"))
      entries.push({ name: header.name, size: header.size, content: () => unpack(file, header) });
    at += header.bytes;
  }
  return entries;
}

interface Header {
  readonly name: string;
  readonly method: number;
  readonly isEncrypted: boolean;
  readonly packed: number;
  readonly size: number;
  readonly offset: number;
  /** Of the header itself. */
  readonly bytes: number;
}

function readHeader(directory: DataView, at: number): Header {
  const [nameBytes, extraBytes, commentBytes] = [28, 30, 32].map((place) =>
    directory.getUint16(at + place, true),
  ) as [number, number, number];
  const flags = directory.getUint16(at + 8, true);
  const bytes = 46 + nameBytes + extraBytes + commentBytes;
  if (at + bytes > directory.byteLength) throw new ZipError(t("upload.zip.broken"));
  const name = new Uint8Array(directory.buffer, directory.byteOffset + at + 46, nameBytes);
  const sizes = [24, 20, 42].map((place) => directory.getUint32(at + place, true));
  const [size, packed, offset] = widened(directory, at + 46 + nameBytes, extraBytes, sizes);
  return {
    name: new TextDecoder(flags & 0x800 ? "utf-8" : "windows-1252").decode(name),
    method: directory.getUint16(at + 10, true),
    isEncrypted: (flags & 1) !== 0,
    size,
    packed,
    offset,
    bytes,
  };
}

/** Sizes and offset with those that stand in the ZIP64 extra field (APPNOTE 4.5.3). */
function widened(
  directory: DataView,
  start: number,
  length: number,
  values: readonly number[],
): [number, number, number] {
  const found = [...values];
  for (let at = start; at + 4 <= start + length;) {
    const [kind, bytes] = [directory.getUint16(at, true), directory.getUint16(at + 2, true)];
    const end = Math.min(at + 4 + bytes, start + length);
    let place = at + 4;
    for (const index of kind === 1 ? [0, 1, 2] : []) {
      if (found[index] !== 0xffffffff || place + 8 > end) continue;
      found[index] = Number(directory.getBigUint64(place, true));
      place += 8;
    }
    at += 4 + bytes;
  }
  return found as [number, number, number];
}

/** Where the central directory is, from the record at the archive's end. */
async function findDirectory(
  file: Blob,
): Promise<{ readonly offset: number; readonly size: number; readonly count: number }> {
  const start = Math.max(0, file.size - END_BYTES - LONGEST_COMMENT);
  const tail = await view(file, start, file.size - start);
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) !== END) continue;
    const place = {
      count: tail.getUint16(at + 10, true),
      size: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const isLong = place.count === 0xffff || place.size === 0xffffffff || place.offset === 0xffffffff;
    return isLong ? ((await findDirectory64(file, start + at)) ?? place) : place;
  }
  throw new ZipError(t("upload.zip.broken"));
}

async function findDirectory64(file: Blob, end: number) {
  if (end < LOCATOR_BYTES) return null;
  const locator = await view(file, end - LOCATOR_BYTES, LOCATOR_BYTES);
  if (locator.getUint32(0, true) !== LOCATOR_64) return null;
  const offset = Number(locator.getBigUint64(8, true));
  if (offset + 56 > file.size) throw new ZipError(t("upload.zip.broken"));
  const record = await view(file, offset, 56);
  if (record.getUint32(0, true) !== END_64) throw new ZipError(t("upload.zip.broken"));
  return {
    count: Number(record.getBigUint64(32, true)),
    size: Number(record.getBigUint64(40, true)),
    offset: Number(record.getBigUint64(48, true)),
  };
}

/** The bytes of an entry. Rejects with a `ZipError`. */
async function unpack(file: Blob, header: Header): Promise<Blob> {
  if (header.isEncrypted) throw new ZipError(t("upload.zip.encrypted"));
  if (header.size > LARGEST_ENTRY) throw new ZipError(t("upload.reason.large"));
  if (header.method !== STORED && header.method !== DEFLATED) throw new ZipError(t("upload.zip.method"));
  if (header.offset + 30 > file.size) throw new ZipError(t("upload.zip.broken"));
  const local = await view(file, header.offset, 30);
  if (local.getUint32(0, true) !== LOCAL) throw new ZipError(t("upload.zip.broken"));
  const start = header.offset + 30 + local.getUint16(26, true) + local.getUint16(28, true);
  const packed = file.slice(start, start + header.packed);
  const content = header.method === STORED ? packed : await inflated(packed, header.size);
  if (content.size !== header.size) throw new ZipError(t("upload.zip.broken"));
  if (await isZip(content)) throw new ZipError(t("upload.zip.nested"));
  return content;
}

/** What was deflated; stops where it gets longer than the archive has said. */
async function inflated(packed: Blob, size: number): Promise<Blob> {
  const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return new Blob(pieces);
      bytes += value.length;
      if (bytes > size) {
        void reader.cancel();
        break;
      }
      pieces.push(value);
    }
  } catch {
    throw new ZipError(t("upload.zip.broken"));
  }
  throw new ZipError(t("upload.zip.bomb"));
}

async function view(file: Blob, start: number, length: number): Promise<DataView> {
  return new DataView(await file.slice(start, start + length).arrayBuffer());
}
