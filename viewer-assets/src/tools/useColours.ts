import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { ColourMapName } from "../address";
import { colourMap } from "../colourMaps";

/** The colours of a map by grey, from black to white, as CSS writes them; none until they are there. */
export function useColours(name: ColourMapName): readonly string[] {
  const colours = useSignal<readonly string[]>([]);
  useEffect(() => {
    const load = async (): Promise<void> => {
      const table = await colourMap(name);
      colours.value = Array.from(
        { length: table.length / 3 },
        (_, grey) => `rgb(${table.subarray(grey * 3, grey * 3 + 3).join(" ")})`,
      );
    };
    void load();
  }, [name]);
  return colours.value;
}

/** A gradient through them. */
export function gradientOf(colours: readonly string[], direction: "right" | "top"): string {
  return colours.length > 0 ? `linear-gradient(to ${direction}, ${colours.join(", ")})` : "none";
}
