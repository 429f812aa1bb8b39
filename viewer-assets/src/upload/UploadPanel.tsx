import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { byteCount } from "../format";
import type { ListModel } from "../list/model";
import { plural, t } from "../messages";
import { urlOf } from "../page";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import { droppedFiles } from "./files";
import { UploadQueue, type Item } from "./queue";
import { sendFile, uploadName } from "./send";
import { sourcesOf } from "./sources";
import { undoUpload } from "./undo";
import "./messages";

const LISTED = 200;

/** Choose or drop files, folders or zip archives; see what became of each; take all of it back. */
export function UploadPanel({ model }: { model: ListModel }) {
  const name = useMemo(uploadName, []);
  const queue = useMemo(() => new UploadQueue((...file) => sendFile(name, ...file)), [name]);
  const dropped = model.upload.value;
  const take = async (files: Promise<File[]> | readonly File[]): Promise<void> =>
    queue.add(await sourcesOf(await files));
  useEffect(() => {
    if (dropped instanceof DataTransfer) void take(droppedFiles(dropped));
  }, [dropped, queue]);
  useEffect(() => warnBeforeLeaving(queue), [queue]);
  const close = (): void => {
    queue.stop();
    model.upload.value = null;
    if (queue.studies.length > 0) void model.search();
  };
  return (
    <Sheet title={t("upload.title")} kind="centre" onClose={close}>
      <Choose onChoose={(files) => void take(files)} />
      {queue.items.value.length > 0 && (
        <>
          <Progress queue={queue} />
          {!queue.isRunning.value && <Afterwards queue={queue} name={name} />}
          <Results items={queue.items.value} />
        </>
      )}
    </Sheet>
  );
}

/** Whoever leaves the page while files are on their way is asked first. */
function warnBeforeLeaving(queue: UploadQueue): () => void {
  const ask = (event: BeforeUnloadEvent): void => {
    if (queue.isRunning.value) event.preventDefault();
  };
  addEventListener("beforeunload", ask);
  return () => removeEventListener("beforeunload", ask);
}

function Choose({ onChoose }: { onChoose: (files: readonly File[]) => void }) {
  const take = (input: HTMLInputElement): void => {
    onChoose([...(input.files ?? [])]);
    input.value = "";
  };
  return (
    <div class="drop">
      <Icon name="icon:upload" />
      <p>{t("upload.hint")}</p>
      <div class="drop-buttons">
        <Picker label={t("upload.files")} onChoose={take} />
        <Picker label={t("upload.folder")} onChoose={take} folder />
      </div>
    </div>
  );
}

interface PickerProps {
  readonly label: string;
  readonly folder?: boolean;
  readonly onChoose: (input: HTMLInputElement) => void;
}

/** A button that opens the system's file or folder chooser. */
function Picker({ label, folder = false, onChoose }: PickerProps) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (input.current) input.current.webkitdirectory = folder;
  }, [folder]);
  return (
    <>
      <button type="button" onClick={() => input.current?.click()}>
        {label}
      </button>
      <input
        ref={input}
        type="file"
        multiple
        hidden
        aria-label={label}
        onChange={(event) => onChoose(event.currentTarget)}
      />
    </>
  );
}

function Progress({ queue }: { queue: UploadQueue }) {
  const total = queue.items.value.length;
  const done = queue.doneFiles.value;
  const counts = (["stored", "present", "refused", "skipped"] as const)
    .map((state) => [state, queue.count(state)] as const)
    .filter(([, count]) => count > 0);
  return (
    <div class="upload-progress">
      <progress
        max={queue.totalBytes.value || 1}
        value={queue.doneBytes.value}
        aria-label={t("upload.title")}
      />
      <p role="status">
        {t("upload.progress", { done, total })}
        {" · "}
        {t("upload.bytes", {
          done: byteCount(queue.doneBytes.value),
          total: byteCount(queue.totalBytes.value),
        })}
      </p>
      <p class="upload-counts">
        {counts.map(([state, count]) => (
          <span key={state} class={`outcome outcome-${state}`}>
            {plural(`upload.count.${state}`, count)}
          </span>
        ))}
      </p>
      {queue.isRunning.value && (
        <button type="button" onClick={() => queue.stop()}>
          {t("upload.stop")}
        </button>
      )}
    </div>
  );
}

/** What can be done when nothing is on its way. */
function Afterwards({ queue, name }: { queue: UploadQueue; name: string }) {
  const [undone, setUndone] = useState("");
  const [isBusy, setBusy] = useState(false);
  const stored = queue.count("stored");
  const [study] = queue.studies;
  const undo = async (): Promise<void> => {
    setBusy(true);
    try {
      const { deleted, kept } = await undoUpload(name, (count) => setUndone(plural("upload.undone", count)));
      setUndone(plural("upload.undone", deleted) + (kept > 0 ? ` ${plural("upload.undoKept", kept)}` : ""));
    } catch (error) {
      setUndone(error instanceof Error ? error.message : String(error));
    }
    setBusy(false);
  };
  return (
    <div class="drop-buttons upload-after">
      {queue.items.value.length > queue.doneFiles.value && (
        <button type="button" onClick={() => void queue.resume()}>
          {t("upload.resume")}
        </button>
      )}
      {queue.count("refused") > 0 && (
        <button type="button" onClick={() => void queue.again()}>
          {t("upload.again")}
        </button>
      )}
      {study && queue.studies.length === 1 && !undone && (
        <a class="button" href={urlOf(`sightline/studies/${study}`)}>
          {t("upload.open")}
        </a>
      )}
      {stored > 0 && !undone && (
        <button type="button" disabled={isBusy} onClick={() => void undo()}>
          <Icon name="icon:undo-2" />
          {plural("upload.undo", stored)}
        </button>
      )}
      <p role="status">{undone}</p>
    </div>
  );
}

/** Problems first, so that they are seen; very long lists end with a count. */
function Results({ items }: { items: readonly Item[] }) {
  const rank = { refused: 0, sending: 1, waiting: 2, skipped: 3, present: 4, stored: 5 } as const;
  const sorted = [...items].sort((a, b) => rank[a.state.value] - rank[b.state.value]);
  return (
    <section class="results" aria-label={t("upload.results")}>
      {/* Scrolls, so that the keyboard has to get there. */}
      <ul ref={(list) => list?.setAttribute("tabindex", "0")}>
        {sorted.slice(0, LISTED).map((item) => (
          <li key={item.source.name}>
            <span class="file-name" title={item.source.name}>
              {item.source.name.slice(item.source.name.lastIndexOf("/") + 1)}
            </span>
            <span class={`outcome outcome-${item.state.value}`}>{t(`upload.state.${item.state.value}`)}</span>
            {item.reason.value && <span class="quiet">{item.reason.value}</span>}
          </li>
        ))}
      </ul>
      {sorted.length > LISTED && <p class="quiet">{t("upload.more", { count: sorted.length - LISTED })}</p>}
    </section>
  );
}
