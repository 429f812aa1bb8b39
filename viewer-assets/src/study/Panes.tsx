import { useCallback } from "preact/hooks";
import { fullDate, personName } from "../format";
import type { Point } from "../geometry";
import { plural, t } from "../messages";
import { Icon } from "../ui/Icon";
import { Dimensions } from "./Dimensions";
import { later } from "../ui/later";
import { EdgeLetters, PatientCorner, QualityCorner, SeriesCorner, WindowCorner } from "./Annotations";
import { KeyBand } from "../keyImages/KeyBand";
import { KeySign } from "../keyImages/KeySign";
import { PresentationBand, PresentationSign } from "../presentations/PresentationSigns";
import { apart } from "./apart";
import { carry, onDrop } from "./carry";
import { documentTitle } from "./DocumentTiles";
import { layoutNamed } from "./layouts";
import { linkedCode } from "./linkedCode";
import { isSamePatient } from "./patient";
import type { Pane } from "./pane";
import type { Reader } from "./reader";
import type { Reading } from "./reading";
import { Stage } from "./Stage";
import { groupOf, type Tile } from "./tiles";

/** The desk: as many panes as its layout has. */
export function Panes({ reader }: { reader: Reader }) {
  const { rows, columns, areas } = layoutNamed(reader.layout.value);
  return (
    <div class="panes" style={{ gridTemplate: `${lines(rows)} / ${lines(columns)}` }}>
      {areas.map(([top, left, height, width], index) => {
        const pane = reader.panes.value[index];
        const area = `${top + 1} / ${left + 1} / span ${height} / span ${width}`;
        return pane && <PaneView key={pane.id} reader={reader} pane={pane} index={index} area={area} />;
      })}
    </div>
  );
}

/** So many equal rows or columns. */
function lines(count: number): string {
  return `repeat(${count}, minmax(0, 1fr))`;
}

interface PaneProps {
  readonly reader: Reader;
  readonly pane: Pane;
  readonly index: number;
}

function PaneView({ reader, pane, index, area }: PaneProps & { readonly area: string }) {
  const reading = pane.reading.value;
  const isOnly = reader.layout.value === "1x1";
  const isActive = !isOnly && reader.activePane.value === index;
  return (
    <div
      class={`pane${isActive ? " is-active" : ""}`}
      style={{ gridArea: area }}
      {...onDrop({
        tile: (key) => reader.change("command.open", () => reader.open(key, undefined, index)),
        pane: (from) => reader.change("command.movePane", () => reader.swap(from, index)),
      })}
    >
      {!isOnly && <Grip reader={reader} pane={pane} index={index} />}
      {pane.document.value ? (
        <DocumentView key={pane.document.value.key} tile={pane.document.value} />
      ) : reading ? (
        <Stack
          key={groupOf(reading.tile)}
          reader={reader}
          reading={reading}
          isActive={isActive}
          index={index}
        />
      ) : (
        <EmptyPane reader={reader} pane={pane} index={index} />
      )}
    </div>
  );
}

const DocumentView = later(async () => (await import("../shell/DocumentView")).DocumentView);

/** What takes a pane to another place; choosing it makes the pane the active one. */
function Grip({ reader, pane, index }: PaneProps) {
  const tile = pane.reading.value?.tile;
  const { value: document } = pane.document;
  const name = document ? documentTitle(document) : tile ? tileName(tile) : t("pane.empty");
  return (
    <button
      type="button"
      class="grip"
      title={t("pane.grip")}
      aria-label={t("pane.label", { number: index + 1, name })}
      aria-pressed={reader.activePane.value === index}
      onClick={() => {
        reader.activePane.value = index;
      }}
      {...carry({ pane: index })}
    >
      <Icon name="icon:grip-horizontal" />
    </button>
  );
}

function EmptyPane({ reader, index }: PaneProps) {
  return (
    <button
      type="button"
      class="empty-pane"
      onClick={() => {
        reader.activePane.value = index;
      }}
    >
      {reader.started.value && t("pane.choose")}
    </button>
  );
}

interface StackProps {
  readonly reader: Reader;
  readonly reading: Reading;
  readonly isActive: boolean;
  readonly index: number;
}

function Stack({ reader, reading, isActive, index }: StackProps) {
  const { series, viewport, tile } = reading;
  const activate = useCallback(() => {
    reader.activePane.value = index;
  }, [reader, index]);
  const linked = reader.linked.value;
  const code = linkedCode.value;
  const point = useCallback((at: Point) => linked?.pointAt(reading, at), [linked, reading]);
  const unreadable = tile.stack?.unreadable;
  return (
    <>
      <OtherStudy reader={reader} tile={tile} />
      <KeyBand reader={reader} reading={reading} />
      <PresentationBand reader={reader} reading={reading} />
      <Stage
        reader={reader}
        viewport={viewport}
        label={paneName(reader, reading)}
        isActive={isActive}
        onActivate={activate}
        {...(linked?.canPoint(reading) && { onCrosshair: point })}
      >
        <PatientCorner study={tile.study} />
        <SeriesCorner series={series} label={tile.label} viewport={viewport}>
          <KeySign keyImages={reader.keyImages} viewport={viewport} />
          <PresentationSign reader={reader} viewport={viewport} />
          {linked && code && <code.LinkSigns reader={reader} linked={linked} reading={reading} />}
        </SeriesCorner>
        <WindowCorner viewport={viewport} />
        <QualityCorner viewport={viewport} />
        {linked && code && <code.LinkOverlay reader={reader} linked={linked} reading={reading} />}
        <EdgeLetters viewport={viewport} />
      </Stage>
      {tile.grid && <Dimensions reading={reading} onActivate={activate} />}
      {unreadable && (
        <p class="note">{plural("study.unreadable", unreadable[0], { reason: unreadable[1] })}</p>
      )}
    </>
  );
}

/** A band over pictures of another study: which one, and a warning where it is another patient's. */
function OtherStudy({ reader, tile: { study } }: { reader: Reader; tile: Tile }) {
  if (study.uid === reader.study.uid) return null;
  const isOther = !isSamePatient(study, reader.study);
  const prior = reader.priors.value.find((one) => one.study.uid === study.uid);
  const text = isOther
    ? t("pane.otherPatient", { name: personName(study.name) || t("list.noName"), id: study.id })
    : prior
      ? t(prior.days !== null && prior.days < 0 ? "pane.later" : "pane.prior", {
          when: apart(prior.days),
          date: fullDate(study.date),
          description: study.description,
        })
      : t("pane.otherStudy", { date: fullDate(study.date), description: study.description });
  return <p class={`band${isOther ? " is-other" : ""}`}>{text}</p>;
}

/** What a pane is called: its tile, with the date where that is another study's, and a number where it is there twice. */
function paneName(reader: Reader, reading: Reading): string {
  const name = (one: Reading): string => {
    const { study } = one.tile;
    const own = tileName(one.tile);
    return study.uid === reader.study.uid
      ? own
      : t("study.stackName", { name: own, label: fullDate(study.date) });
  };
  const names = reader.visible.value.map(name);
  const place = reader.visible.value.indexOf(reading);
  const number = names.slice(0, place + 1).filter((one) => one === names[place]).length;
  return number > 1 ? t("study.stackName", { name: name(reading), label: number }) : name(reading);
}

/** What a tile is called. */
export function tileName({ series, label }: Tile): string {
  const name = series.description || t("study.seriesNumber", { number: series.number ?? series.modality });
  return label ? t("study.stackName", { name, label }) : name;
}
