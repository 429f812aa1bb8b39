import { useSignal } from "@preact/signals";
import { postJson, RequestError } from "../api";
import { revive } from "../connection";
import { t } from "../messages";
import type { Reader } from "../study/reader";
import { Icon } from "../ui/Icon";
import { Sheet } from "../ui/Sheet";

/** The session has ended: log in again in place, or, for a link, whom to ask; what an EHR has opened, it opens again. Closed, a button brings it back. */
export function LoginAgain({ reader }: { reader: Reader }) {
  const isOpen = useSignal(true);
  const close = (): void => {
    isOpen.value = false;
  };
  const { link, launch, user } = reader.session;
  const title = launch !== null ? "launch.ended.title" : link ? "link.ended.title" : "connection.ended";
  if (!isOpen.value) {
    return (
      <p class="banner">
        <Icon name="icon:log-in" />
        <span>{t(title)}</span>
        <button
          type="button"
          onClick={() => {
            isOpen.value = true;
          }}
        >
          {t(link ? "connection.why" : "login.title")}
        </button>
      </p>
    );
  }
  return (
    <Sheet title={t(title)} kind="centre" onClose={close}>
      <div class="login-again">
        <p>{t(launch !== null ? "launch.ended.text" : link ? "link.ended.text" : "connection.endedText")}</p>
        {link ? <p class="quiet">{t("connection.stays")}</p> : <LoginForm user={user} />}
      </div>
    </Sheet>
  );
}

function LoginForm({ user }: { user: string }) {
  const problem = useSignal("");
  const isBusy = useSignal(false);
  const submit = async (form: HTMLFormElement): Promise<void> => {
    const fields = new FormData(form);
    isBusy.value = true;
    try {
      const answer = await postJson<{ user: string }>("sightline/login", {
        user: String(fields.get("user")),
        password: String(fields.get("password")),
      });
      // What is on the screen was opened by somebody else: start anew, as that person.
      if (answer.user === user) revive();
      else location.reload();
    } catch (error) {
      problem.value = sentence(error);
    }
    isBusy.value = false;
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(event.currentTarget);
      }}
    >
      <label>
        {t("login.user")}
        <input class="field" name="user" autocomplete="username" required defaultValue={user} />
      </label>
      <label>
        {t("login.password")}
        <input
          // The only thing that is left to do.
          // oxlint-disable-next-line jsx-a11y/no-autofocus
          autofocus
          class="field"
          name="password"
          type="password"
          autocomplete="current-password"
          required
        />
      </label>
      {problem.value && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <button type="submit" class="primary" disabled={isBusy.value}>
        {t(isBusy.value ? "login.working" : "login.submit")}
      </button>
    </form>
  );
}

function sentence(error: unknown): string {
  const status = error instanceof RequestError ? error.status : 0;
  if (status === 401) return t("login.wrong");
  if (status === 429 || status === 503) return t("login.wait");
  return error instanceof RequestError ? error.message : t("error.status", { status });
}
