import { askAgain, connection } from "../connection";
import { t } from "../messages";
import { Icon } from "../ui/Icon";
import { later } from "../ui/later";
import type { Reader } from "./reader";

const LoginAgain = later(async () => (await import("../shell/LoginAgain")).LoginAgain);

/** What is wrong with the connection, while something is; what is on the screen stays. */
export function ConnectionNote({ reader }: { reader: Reader }) {
  const state = connection.value;
  return (
    <>
      <div class="connection" role="status">
        {state === "lost" && (
          <p class="banner">
            <Icon name="icon:wifi-off" />
            <span>{t("connection.lost")}</span>
            <button type="button" onClick={() => void askAgain()}>
              {t("connection.now")}
            </button>
          </p>
        )}
      </div>
      {state === "ended" && <LoginAgain reader={reader} />}
    </>
  );
}
