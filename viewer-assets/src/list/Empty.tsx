import { t } from "../messages";
import { Icon } from "../ui/Icon";
import type { ListModel } from "./model";

/** Nothing stored yet: says how a study gets here. */
export function Empty({ model }: { model: ListModel }) {
  const { aet, dicomPort, stow } = model.data.site;
  return (
    <div class="empty empty-wide">
      <Icon name="icon:images" />
      <h2>{t("list.empty.title")}</h2>
      <p>{t("list.empty.text")}</p>
      <dl class="ways">
        <div>
          <dt>{t("list.empty.dicom")}</dt>
          <dd>
            {dicomPort > 0 ? (
              <>
                <code>{t("list.empty.dicomValue", { aet, port: dicomPort })}</code>
                <small>{t("list.empty.dicomHost")}</small>
              </>
            ) : (
              t("list.empty.dicomOff")
            )}
          </dd>
        </div>
        <div>
          <dt>{t("list.empty.stow")}</dt>
          <dd>
            <code>{stow}</code>
          </dd>
        </div>
        {model.may("upload") && (
          <div>
            <dt>{t("list.empty.upload")}</dt>
            <dd>
              <button type="button" class="primary" onClick={() => (model.upload.value = "open")}>
                {t("list.upload")}
              </button>
              <small>{t("list.empty.uploadText")}</small>
            </dd>
          </div>
        )}
      </dl>
    </div>
  );
}

/** Filters that match nothing. */
export function NoMatch({ model }: { model: ListModel }) {
  return (
    <div class="empty">
      <Icon name="icon:search" />
      <h2>{t("list.none.title")}</h2>
      <p>{t("list.none.text")}</p>
      <button type="button" onClick={() => model.clear()}>
        {t("list.none.reset")}
      </button>
    </div>
  );
}
