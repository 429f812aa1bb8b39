import { t } from "../messages";
import { Icon } from "./Icon";
import { logOut } from "./logOut";

/** Ends the session; says whose it is. */
export function LogOutButton({ user }: { user: string }) {
  return (
    <button
      type="button"
      class="head-button quiet-button"
      title={user ? `${t("action.logout")} (${user})` : t("action.logout")}
      onClick={() => void logOut()}
    >
      <Icon name="icon:log-out" />
      <span>{t("action.logout")}</span>
    </button>
  );
}
