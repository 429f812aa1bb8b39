/** What follows the hand over an image: each redraws itself alone. */
import type { Viewport } from "../study/viewport";
import { Cross, LabelView, Lines, pathOf } from "./Shape";
import type { Pencil } from "./pencil";
import { isSamePlace } from "./model";
import type { Sight, SightOf } from "./sights";

interface MovingProps {
  readonly pencil: Pencil;
  readonly sightOf: SightOf;
}

/** The finding under the pointer, a little brighter. */
export function Highlight({ pencil, sight }: { pencil: Pencil; sight: Sight }) {
  const id = pencil.hovered.value;
  const mark = id === null ? undefined : sight.marks.find(({ finding }) => finding.id === id);
  if (!mark) return null;
  return (
    <g class={`finding-glow finding-colour-${mark.finding.colour}`} aria-hidden="true">
      {mark.lines.map((line, index) => (
        <path key={index} class="finding-line" d={pathOf(line)} />
      ))}
    </g>
  );
}

/** A finding while it is moved. */
export function EditedView({ pencil, sightOf }: MovingProps) {
  const edited = pencil.edited.value;
  const where = sightOf.current.value?.where;
  if (!edited || !where || !isSamePlace(edited, where)) return null;
  return <Moved pencil={pencil} sightOf={sightOf} finding={edited} hasHandles />;
}

/** What is being drawn. */
export function DraftView({ pencil, sightOf, viewport }: MovingProps & { readonly viewport: Viewport }) {
  const draft = pencil.draft.value;
  const where = sightOf.current.value?.where;
  // Another tool may be held for a moment: what is drawn waits for it.
  if (draft?.tool !== pencil.reader.tool.value) return null;
  if (!draft || draft.viewport !== viewport || !where || !isSamePlace(draft.where, where)) return null;
  return (
    <Moved
      pencil={pencil}
      sightOf={sightOf}
      finding={pencil.drafted(draft)}
      hasLabel={pencil.isDraftComplete(draft)}
      hasHandles={draft.tool !== "freehand"}
    />
  );
}

interface MovedProps extends MovingProps {
  readonly finding: Parameters<SightOf["moving"]>[0];
  readonly hasLabel?: boolean;
  readonly hasHandles?: boolean;
}

function Moved({ pencil, sightOf, finding, hasLabel = true, hasHandles = false }: MovedProps) {
  const moving = sightOf.moving(finding, pencil.shifts.value.get(finding.id) ?? null, hasLabel);
  if (!moving) return null;
  const { mark, label } = moving;
  return (
    <g class="finding-moving" aria-hidden="true">
      <g class={`finding is-selected finding-colour-${finding.colour}`}>
        <Lines mark={mark} />
      </g>
      {hasHandles &&
        mark.handles.map(({ x, y }, index) => (
          <g key={index} class={`finding-handle finding-colour-${finding.colour}`}>
            <circle class="finding-knob" cx={x} cy={y} r={4} />
          </g>
        ))}
      {label && <LabelView label={label} colour={finding.colour} isSelected />}
    </g>
  );
}

/** Where keys point. */
export function KeyCross({ pencil, viewport }: { pencil: Pencil; viewport: Viewport }) {
  const cursor = pencil.cursor.value;
  if (!cursor || cursor.viewport !== viewport) return null;
  return (
    <g class="finding-cursor" aria-hidden="true">
      <Cross at={cursor.point} />
    </g>
  );
}
