import assert from "node:assert/strict";
import test from "node:test";
import { crc32, deflateRawSync } from "node:zlib";
import { sourcesOf } from "../src/upload/sources";
import { isZip, zipEntries, ZipError } from "../src/upload/zip";

interface Made {
  readonly name: string;
  readonly content: string;
  readonly deflate?: boolean;
  /** What the archive says that it unpacks to. */
  readonly size?: number;
  readonly flags?: number;
  readonly method?: number;
}

/** The entry, or source, at that place. */
function at<Value>(values: readonly Value[], index: number): Value {
  const value = values[index];
  assert.ok(value !== undefined);
  return value;
}

/** A small archive, with its sizes in ZIP64 fields where wanted. */
function zip(files: readonly Made[], long = false): Blob {
  const [local, central]: [Buffer[], Buffer[]] = [[], []];
  let offset = 0;
  for (const { name, content, deflate = false, size, flags = 0x800, method } of files) {
    const raw = Buffer.from(content);
    const packed = deflate ? deflateRawSync(raw) : raw;
    const common = Buffer.alloc(26);
    common.writeUInt16LE(flags, 2);
    common.writeUInt16LE(method ?? (deflate ? 8 : 0), 4);
    common.writeUInt32LE(crc32(raw), 10);
    common.writeUInt32LE(packed.length, 14);
    common.writeUInt32LE(size ?? raw.length, 18);
    common.writeUInt16LE(Buffer.byteLength(name), 22);
    local.push(Buffer.from("PK\x03\x04"), common, Buffer.from(name), packed);
    const extra = Buffer.alloc(long ? 28 : 0);
    const head = Buffer.alloc(42);
    common.copy(head, 2);
    head.writeUInt32LE(offset, 38);
    if (long) {
      extra.writeUInt16LE(1, 0);
      extra.writeUInt16LE(24, 2);
      extra.writeBigUInt64LE(BigInt(raw.length), 4);
      extra.writeBigUInt64LE(BigInt(packed.length), 12);
      extra.writeBigUInt64LE(BigInt(offset), 20);
      head.writeUInt32LE(0xffffffff, 16);
      head.writeUInt32LE(0xffffffff, 20);
      head.writeUInt32LE(0xffffffff, 38);
      head.writeUInt16LE(28, 26);
    }
    central.push(Buffer.from("PK\x01\x02"), head, Buffer.from(name), extra);
    offset += 30 + Buffer.byteLength(name) + packed.length;
  }
  const directory = Buffer.concat(central);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(long ? 0xffff : files.length, 6);
  end.writeUInt32LE(directory.length, 8);
  end.writeUInt32LE(offset, 12);
  const record = Buffer.alloc(long ? 76 : 0);
  if (long) {
    record.write("PK\x06\x06", "latin1");
    record.writeBigUInt64LE(BigInt(files.length), 32);
    record.writeBigUInt64LE(BigInt(directory.length), 40);
    record.writeBigUInt64LE(BigInt(offset), 48);
    record.write("PK\x06\x07", 56, "latin1");
    record.writeBigUInt64LE(BigInt(offset + directory.length), 64);
  }
  return new Blob(
    [...local, directory, record, Buffer.from("PK\x05\x06"), end].map((part) => new Uint8Array(part)),
  );
}

const HELLO = { name: "a/b/hello.dcm", content: "DICM".repeat(50) };

for (const deflate of [false, true])
  for (const long of [false, true])
    test(`files are unpacked, folders left out (${deflate ? "deflated" : "stored"}, ${long ? "ZIP64" : "plain"})`, async () => {
      const archive = zip(
        [
          { name: "a/", content: "" },
          { ...HELLO, deflate },
          { name: "ü.dcm", content: "x", deflate },
        ],
        long,
      );
      assert.ok(await isZip(archive));
      const entries = await zipEntries(archive);
      assert.deepEqual(
        entries.map(({ name }) => name),
        ["a/b/hello.dcm", "ü.dcm"],
      );
      assert.equal(await (await at(entries, 0).content()).text(), HELLO.content);
      assert.equal(await (await at(entries, 1).content()).text(), "x");
    });

test("an entry never unpacks to more than it says", async () => {
  const entries = await zipEntries(
    zip([{ name: "bomb", content: "0".repeat(5_000_000), deflate: true, size: 1_000 }]),
  );
  await assert.rejects(at(entries, 0).content(), /more than it says/);
});

test("what cannot be unpacked says why, and the rest is unpacked all the same", async () => {
  const inner = await zip([HELLO]).text();
  const entries = await zipEntries(
    zip([
      { ...HELLO, flags: 1 },
      { ...HELLO, method: 14 },
      { name: "inner.zip", content: inner },
      { ...HELLO, size: 3_000_000_000 },
      HELLO,
    ]),
  );
  const reasons = [/encrypted/, /newer programs/, /inside a zip/, /larger than this server/];
  for (const [index, reason] of reasons.entries()) await assert.rejects(at(entries, index).content(), reason);
  assert.equal((await at(entries, 4).content()).size, HELLO.content.length);
});

test("a broken archive is one file that says so", async () => {
  const archive = zip([HELLO]);
  for (const broken of [
    archive.slice(0, -10),
    archive.slice(0, 100),
    new Blob([archive.slice(0, 60), archive.slice(90)]),
  ]) {
    await assert.rejects(zipEntries(broken), ZipError);
    const sources = await sourcesOf([new File([broken], "broken.zip")]);
    assert.equal(sources.length, 1);
    await assert.rejects(at(sources, 0).content(), /broken/);
  }
});

test("archives are told by what they are, not by their name", async () => {
  const sources = await sourcesOf([new File([zip([HELLO])], "export.bin"), new File(["DICM"], "image.zip")]);
  assert.deepEqual(
    sources.map(({ name }) => name),
    ["export.bin/a/b/hello.dcm", "image.zip"],
  );
});
