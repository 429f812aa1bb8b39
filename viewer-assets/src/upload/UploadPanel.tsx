import { useEffect, useMemo, useRef } from "preact/hooks";
import { byteCount } from "../format";
import { plural, t } from "../messages";
import type { ListModel } from "../list/model";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";
import { droppedFiles } from "./files";
import { UploadQueue, type Item } from "./queue";
import { storeFile } from "./stow";

const LISTED = 200;

/** Choose or drop files; see what became of each. */
export function UploadPanel({ model }: { model: ListModel }) {
  const queue = useMemo(() => new UploadQueue(storeFile), []);
  const dropped = model.upload.value;
  useEffect(() => {
    if (dropped instanceof DataTransfer) void droppedFiles(dropped).then((files) => queue.add(files));
  }, [dropped, queue]);
  const close = (): void => {
    queue.stop();
    model.upload.value = null;
    if (queue.count("stored") > 0) void model.search();
  };
  return (
    <Sheet title={t("upload.title")} kind="centre" onClose={close}>
      <Choose queue={queue} />
      {queue.items.value.length > 0 && <Progress queue={queue} />}
    </Sheet>
  );
}

function Choose({ queue }: { queue: UploadQueue }) {
  const take = (input: HTMLInputElement): void => {
    void queue.add([...(input.files ?? [])]);
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
  const counts = (["stored", "refused", "skipped"] as const)
    .map((state) => [state, queue.count(state)] as const)
    .filter(([, count]) => count > 0);
  return (
    <>
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
        {queue.isRunning.value ? (
          <button type="button" onClick={() => queue.stop()}>
            {t("upload.stop")}
          </button>
        ) : (
          queue.count("refused") > 0 && (
            <button type="button" onClick={() => void queue.again()}>
              {t("upload.again")}
            </button>
          )
        )}
      </div>
      <Results items={queue.items.value} />
    </>
  );
}

/** Problems first, so that they are seen; very long lists end with a count. */
function Results({ items }: { items: readonly Item[] }) {
  const rank = { refused: 0, sending: 1, waiting: 2, skipped: 3, stored: 4 } as const;
  const sorted = [...items].sort((a, b) => rank[a.state.value] - rank[b.state.value]);
  return (
    <section class="results" aria-label={t("upload.results")}>
      <ul>
        {sorted.slice(0, LISTED).map((item) => (
          <li key={item.file.webkitRelativePath + item.file.name}>
            <span class="file-name">{item.file.name}</span>
            <span class={`outcome outcome-${item.state.value}`}>{t(`upload.state.${item.state.value}`)}</span>
            {item.reason.value && <span class="quiet">{item.reason.value}</span>}
          </li>
        ))}
      </ul>
      {sorted.length > LISTED && <p class="quiet">{t("upload.more", { count: sorted.length - LISTED })}</p>}
    </section>
  );
}
