<?php
/** Adds the settings and the Imaging card. SPDX-License-Identifier: AGPL-3.0-or-later */

namespace OpenEMR\Modules\Sightline;

use OpenEMR\Events\Globals\GlobalsInitializedEvent;
use OpenEMR\Events\PatientDemographics\RenderEvent;
use OpenEMR\Services\Globals\GlobalSetting;

require_once __DIR__ . '/src/Sightline.php';

$eventDispatcher->addListener(GlobalsInitializedEvent::EVENT_HANDLE, function (GlobalsInitializedEvent $event): void {
    $settings = [
        ['sightline_url', xl('Address of Sightline'), GlobalSetting::DATA_TYPE_TEXT, '', xl('PublicUrl in Orthanc')],
        ['sightline_key', xl('Key of the link service'), GlobalSetting::DATA_TYPE_ENCRYPTED, '',
            xl('Its SHA-256 is Links.ServiceKeySha256 in the configuration of Orthanc')],
        ['sightline_number', xl('Number that is the DICOM Patient ID'), ['pubpid' => xl('External ID (pubpid)'),
            'pid' => xl('Internal number (pid)')], 'pubpid', xl('As modalities have it')],
        ['sightline_prefix', xl('Prefix'), GlobalSetting::DATA_TYPE_TEXT, '', xl('Stands in DICOM before that number')],
    ];
    $section = xl('Sightline Imaging');
    $event->getGlobalsService()->createSection($section, 'Connectors');
    // Nobody may have values of their own: the key is sent to the address.
    foreach ($settings as [$name, $label, $type, $default, $description]) {
        $setting = new GlobalSetting($label, $type, $GLOBALS[$name] ?? $default, $description);
        $event->getGlobalsService()->appendToSection($section, $name, $setting);
    }
});

$eventDispatcher->addListener(RenderEvent::EVENT_SECTION_LIST_RENDER_AFTER, function (): void {
    // In a frame, so that the dashboard does not wait for the archive. Whose chart it is, the session knows.
    if (Sightline::mayRead() && Sightline::isConfigured()) {
        $page = $GLOBALS['webroot'] . '/interface/modules/custom_modules/oe-module-sightline/card.php';
        echo '<section class="card mb-2"><h5 class="card-header">' . xlt('Imaging') . '</h5><iframe loading="lazy" title="'
            . xla('Imaging') . '" src="' . attr($page) . '" class="border-0 w-100" style="height:20rem"></iframe></section>';
    }
});
