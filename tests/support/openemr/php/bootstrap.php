<?php

/** Loads the module as OpenEMR does, fires both events, and prints what came of it as JSON. */

namespace OpenEMR\Events\Globals {
    class GlobalsInitializedEvent
    {
        public const EVENT_HANDLE = 'globals.initialized';
        public array $settings = [];

        public function getGlobalsService(): self
        {
            return $this;
        }

        public function createSection(string $name, string $before = ''): void
        {
            $this->settings[$name] = [];
        }

        public function appendToSection(string $section, string $key, object $setting): void
        {
            $this->settings[$section][$key] = $setting->type;
        }
    }
}

namespace OpenEMR\Events\PatientDemographics {
    class RenderEvent
    {
        public const EVENT_SECTION_LIST_RENDER_AFTER = 'patientDemographics.render.section.after';
    }
}

namespace OpenEMR\Services\Globals {
    class GlobalSetting
    {
        public const DATA_TYPE_TEXT = 'text', DATA_TYPE_ENCRYPTED = 'encrypted';

        public function __construct(string $label, public mixed $type, mixed $default, string $text, bool $user = false)
        {
            if ($user) {
                throw new \Exception('A user could send the key elsewhere.');
            }
        }
    }
}

namespace {
    require __DIR__ . '/interface/globals.php';
    $eventDispatcher = new class {
        public array $listeners = [];

        public function addListener(string $name, callable $listener): void
        {
            $this->listeners[$name] = $listener;
        }
    };
    require __DIR__ . '/interface/modules/custom_modules/oe-module-sightline/openemr.bootstrap.php';
    $event = new \OpenEMR\Events\Globals\GlobalsInitializedEvent();
    $eventDispatcher->listeners['globals.initialized']($event);
    ob_start();
    $eventDispatcher->listeners['patientDemographics.render.section.after']();
    echo json_encode(['settings' => $event->settings, 'card' => ob_get_clean()]);
}
