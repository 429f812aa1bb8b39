<?php
/** Opens one study of the patient whose chart is open. SPDX-License-Identifier: AGPL-3.0-or-later */

namespace OpenEMR\Modules\Sightline;

require_once __DIR__ . '/../../../globals.php';
require_once __DIR__ . '/src/Sightline.php';

$isAsked = ($_SERVER['REQUEST_METHOD'] ?? '') === 'POST' && is_string($_POST['study'] ?? null);
if (!$isAsked || !Sightline::mayRead() || !Sightline::isOwnForm((string) ($_POST['csrf_token_form'] ?? ''))) {
    http_response_code(403);
    exit(xlt('Not authorized'));
}
$link = Sightline::link($_POST['study'], (string) Sightline::session('authUser'));
if ($link === null) {
    http_response_code(404);
    exit(xlt('This study cannot be opened. Reload the chart.'));
}
header('Referrer-Policy: no-referrer');
header('Cache-Control: no-store');
header('Location: ' . $link, true, 303);
