/** Day and time as the reader writes them. */
export function Moment({ text }: { text: string }) {
  const moment = new Date(text);
  return (
    <time dateTime={text} class="nowrap">
      {moment.toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" })}
    </time>
  );
}
