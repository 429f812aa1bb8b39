/** One icon of the inline sprite. It is decoration: the control around it carries the name. */
export type IconName = `icon:${string}`;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" aria-hidden="true" focusable="false">
      <use href={`#${name.replace(":", "-")}`} />
    </svg>
  );
}
