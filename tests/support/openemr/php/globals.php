<?php

/** As much of OpenEMR as the module touches, for its tests: the same names, nothing behind them. */

namespace OpenEMR\Common\Acl {
    class AclMain
    {
        public static function aclCheckCore(string $section, string $value): bool
        {
            return getenv('STUB_ACL') !== 'no' && [$section, $value] === ['patients', 'med'];
        }
    }
}

namespace OpenEMR\Common\Crypto {
    class CryptoGen
    {
        public function decryptStandard(?string $value): string|false
        {
            return str_starts_with((string) $value, 'encrypted:') ? substr($value, 10) : false;
        }
    }
}

namespace {
    if (getenv('STUB_VERSION') === '8') {
        eval('namespace OpenEMR\Common\Session; class SessionWrapperFactory {
            public static function getInstance(): self { return new self(); }
            public function getActiveSession(): self { return $this; }
            public function get($key) { return ["pid" => (int) getenv("STUB_PID"), "authUser" => "dr-hill"][$key] ?? null; }
            }');
        eval('namespace OpenEMR\Common\Csrf; use OpenEMR\Common\Session\SessionWrapperFactory as S; class CsrfUtils {
            public static function collectCsrfToken(S $session, $subject = "default") { return "good-token"; }
            public static function verifyCsrfToken($token, S $session, $subject = "default") {
                return $token === "good-token"; } }');
    } else {
        $_SESSION = ['pid' => (int) getenv('STUB_PID'), 'authUser' => 'dr-hill'];
        eval('namespace OpenEMR\Common\Csrf; class CsrfUtils {
            public static function collectCsrfToken($subject = "default") { return "good-token"; }
            public static function verifyCsrfToken($token, $subject = "default") { return $token === "good-token"; } }');
    }
    eval('namespace OpenEMR\Core; class Header { public static function setupHeader() {} }');

    function xlt(string $text): string
    {
        return htmlspecialchars($text, ENT_NOQUOTES);
    }

    function xl(string $text): string
    {
        return $text;
    }

    function xla(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES);
    }

    function text(string $text): string
    {
        return htmlspecialchars($text, ENT_NOQUOTES);
    }

    function attr(string $text): string
    {
        return htmlspecialchars($text, ENT_QUOTES);
    }

    function oeFormatShortDate(string $date): string
    {
        return $date;
    }

    function sqlQuery(string $statement, array $values): array|false
    {
        $patients = json_decode((string) getenv('STUB_PATIENTS'), true);
        return str_contains($statement, 'WHERE pid = ?') ? ($patients[(string) $values[0]] ?? false) : false;
    }

    $GLOBALS['webroot'] = '';
    $GLOBALS['sightline_url'] = (string) getenv('STUB_URL');
    $GLOBALS['sightline_key'] = 'encrypted:' . getenv('STUB_KEY');
    $GLOBALS['sightline_number'] = 'pubpid';
    $GLOBALS['sightline_prefix'] = 'EMR-';
}
