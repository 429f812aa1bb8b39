<?php
/** The Imaging card of the patient whose chart is open. SPDX-License-Identifier: AGPL-3.0-or-later */

namespace OpenEMR\Modules\Sightline;

require_once __DIR__ . '/../../../globals.php';
require_once __DIR__ . '/src/Sightline.php';

if (!Sightline::mayRead()) {
    http_response_code(403);
    exit(xlt('Not authorized'));
}
$studies = Sightline::studies();
?>
<!DOCTYPE html><html lang="en"><head><title><?php echo xlt('Imaging'); ?></title><?php \OpenEMR\Core\Header::setupHeader(); ?></head><body class="p-2">
<?php if ($studies === null) : ?>
    <p role="alert"><?php echo xlt('The images cannot be asked for now. Is the patient\'s number, name and birth date known?'); ?></p>
<?php elseif ($studies === []) : ?>
    <p><?php echo xlt('There are no images of this patient.'); ?></p>
<?php else : ?>
    <form method="post" action="open.php" target="_blank" rel="noreferrer" class="d-flex flex-wrap">
    <input type="hidden" name="csrf_token_form" value="<?php echo attr(Sightline::csrfToken()); ?>">
    <?php foreach ($studies as $study) : ?>
        <button name="study" value="<?php echo attr($study['studyInstanceUID']); ?>" class="btn btn-light text-left m-1">
        <?php if ($picture = Sightline::picture($study)) : ?><img src="<?php echo attr($picture); ?>" alt=""><?php endif; ?>
        <span class="d-block"><?php echo text(implode(' ', array_map('strval', (array) ($study['modalities'] ?? [])))); ?>
        <?php echo text(oeFormatShortDate(preg_replace('/^(\d{4})(\d\d)(\d\d)$/', '$1-$2-$3', (string) ($study['date'] ?? '')))); ?></span>
        <span class="d-block"><?php echo text((string) ($study['description'] ?? '')); ?></span>
        <?php if (($study['verified'] ?? false) !== true) : ?><small><?php echo xlt('Name or birth date not verified'); ?></small><?php endif; ?>
        </button>
    <?php endforeach; ?>
    </form>
<?php endif; ?></body></html>
