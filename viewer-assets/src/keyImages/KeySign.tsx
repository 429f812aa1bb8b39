import { plural, t } from "../messages";
import type { Tile } from "../study/tiles";
import type { Viewport } from "../study/viewport";
import { Icon } from "../ui/Icon";
import type { KeyImages } from "./keyImages";
import { keyOf } from "./model";
import { shownPlace } from "./placeOf";

/** Says in the corner that the frame on the screen is a key image, and whose. */
export function KeySign({ keyImages, viewport }: { keyImages: KeyImages; viewport: Viewport }) {
  const place = shownPlace(viewport);
  if (!place) return null;
  const own = keyImages.all.value.get(keyOf(place));
  const others = keyImages.othersOf(place);
  if (!own && others.length === 0) return null;
  const words = [own ? t(`keytitle.${own.title}`) : "", ...others].filter(Boolean).join(", ");
  return (
    <p class={`key-sign${own ? " is-own" : ""}`} title={t("starred.sign", { words })}>
      <Icon name="icon:star" />
      <span>
        <span class="sr-only">{t("starred.name")}: </span>
        {words}
      </span>
    </p>
  );
}

/** How many key images of the reader a series has. */
export function KeyCount({ keyImages, tile }: { keyImages: KeyImages; tile: Tile }) {
  const marks = [...keyImages.all.value.values()].filter(({ series }) => series === tile.series.uid);
  const frames = marks.length > 0 && tile.label ? framesOf(tile) : null;
  const count = frames
    ? marks.filter(({ instance, frame }) => frames.has(`${instance}/${frame}`)).length
    : marks.length;
  if (count === 0) return null;
  return (
    <span class="key-count" title={plural("starred.count", count)}>
      <Icon name="icon:star" />
      <span class="sr-only">{plural("starred.count", count)}</span>
      <span aria-hidden="true">{count}</span>
    </span>
  );
}

function framesOf({ stack }: Tile): ReadonlySet<string> {
  return new Set(stack?.frames.map(([rest, frame]) => `${stack.prefix}${rest}/${frame}`) ?? []);
}
