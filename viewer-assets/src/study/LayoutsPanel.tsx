import { t } from "../messages";
import { Sheet } from "../ui/Sheet";
import { LAYOUTS, layoutTitle, type Layout } from "./layouts";
import type { PanelProps } from "./panels";

/** All divisions of the desk, each as a small drawing of itself. */
export function LayoutsPanel({ reader, close }: PanelProps) {
  return (
    <Sheet title={t("layouts.title")} kind="side" onClose={close}>
      <div class="layouts">
        {LAYOUTS.map((layout) => (
          <button
            key={layout.name}
            type="button"
            class="layout-choice"
            aria-pressed={!reader.planes.value && reader.layout.value === layout.name}
            aria-label={layoutTitle(layout)}
            title={layoutTitle(layout)}
            onClick={() => {
              reader.change("command.layouts", () => reader.setLayout(layout.name));
              close();
            }}
          >
            <Drawing layout={layout} />
          </button>
        ))}
      </div>
      <p class="quiet">{t("layouts.hint")}</p>
    </Sheet>
  );
}

const WIDTH = 36;
const HEIGHT = 27;

function Drawing({ layout: { rows, columns, areas } }: { layout: Layout }) {
  const [across, down] = [WIDTH / columns, HEIGHT / rows];
  return (
    <svg class="layout-drawing" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} aria-hidden="true">
      {areas.map(([top, left, height, width]) => (
        <rect
          key={`${top}-${left}`}
          x={left * across + 1}
          y={top * down + 1}
          width={width * across - 2}
          height={height * down - 2}
          rx={1}
        />
      ))}
    </svg>
  );
}
