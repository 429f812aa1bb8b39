/** The one message file, English for now; `{name}` stands for a value. */
import en from "../messages/en.json";

export type MessageKey = keyof typeof en;
type Values = Readonly<Record<string, string | number>>;

/** The build leaves out of this what only later parts say: they bring it along, such as `findings/messages.ts`. */
const texts: Record<string, string> = { ...en };

/** From now on these texts are there too. */
export function addMessages(more: Readonly<Record<string, string>>): void {
  Object.assign(texts, more);
}

/** The text for `key` with its values put in. */
export function t(key: MessageKey, values: Values = {}): string {
  return (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name: string) => String(values[name] ?? whole));
}

/** The text for one or for several: keys end in `.one` and `.other`. */
export function plural(key: PluralKey, count: number, values: Values = {}): string {
  return t(`${key}.${count === 1 ? "one" : "other"}`, { count, ...values });
}

type PluralKey = MessageKey extends infer Key ? (Key extends `${infer Stem}.one` ? Stem : never) : never;
