/** Dragging series and panes with the mouse; the same is done by choosing a pane, then a series, or by keys. */

/** What is carried: a tile by its key, or a pane by its index. */
export type Load = { readonly tile: string } | { readonly pane: number };

/** What happens where something is dropped. */
export interface Targets {
  tile(key: string): void;
  pane(index: number): void;
}

const TYPE = "application/x-sightline";

/** Properties of an element that can be carried away. */
export function carry(load: Load) {
  return {
    draggable: true,
    onDragStart: (event: DragEvent) => {
      event.dataTransfer?.setData(TYPE, JSON.stringify(load));
    },
  };
}

/** Properties of an element that something can be dropped on. Files of other programs are left to the page. */
export function onDrop(targets: Targets) {
  return {
    onDragOver: (event: DragEvent) => {
      if (!isOurs(event)) return;
      event.preventDefault();
      if (event.currentTarget instanceof Element) event.currentTarget.classList.add("is-target");
    },
    onDragLeave: leave,
    onDrop: (event: DragEvent) => {
      leave(event);
      if (!isOurs(event)) return;
      event.preventDefault();
      const load = JSON.parse(event.dataTransfer?.getData(TYPE) ?? "{}") as Partial<
        Record<"tile" | "pane", never>
      >;
      if (typeof load.tile === "string") targets.tile(load.tile);
      if (typeof load.pane === "number") targets.pane(load.pane);
    },
  };
}

function isOurs(event: DragEvent): boolean {
  return event.dataTransfer?.types.includes(TYPE) ?? false;
}

function leave(event: DragEvent): void {
  if (event.currentTarget instanceof Element) event.currentTarget.classList.remove("is-target");
}
