<?php
/** Asks Sightline, from server to server: its key never reaches a browser. SPDX-License-Identifier: AGPL-3.0-or-later */

namespace OpenEMR\Modules\Sightline;

use OpenEMR\Common\Acl\AclMain;
use OpenEMR\Common\Crypto\CryptoGen;
use OpenEMR\Common\Csrf\CsrfUtils;
use OpenEMR\Common\Session\SessionWrapperFactory;

class Sightline
{
    private const SECONDS = 10, MOST_BYTES = 2_000_000;
    private const UID = '/^[0-9]+(\.[0-9]+)*$/D', PICTURE = '#^data:image/(jpeg|png|webp);base64,[A-Za-z0-9+/=]+$#D';

    public static function mayRead(): bool
    {
        return (bool) AclMain::aclCheckCore('patients', 'med');
    }

    public static function isConfigured(): bool
    {
        return self::url() !== '' && ($GLOBALS['sightline_key'] ?? '') !== '';
    }

    /** Return the studies of the patient whose chart is open, or null where they cannot be had. */
    public static function studies(): ?array
    {
        $patient = self::patient();
        $answer = $patient === null ? null : self::post('/sightline/openemr/studies', $patient);
        return is_array($answer['studies'] ?? null) ? array_filter($answer['studies'], function ($study): bool {
            return is_array($study) && preg_match(self::UID, (string) ($study['studyInstanceUID'] ?? '')) === 1;
        }) : null;
    }

    /** Return the address that opens one study of the patient whose chart is open, once; null where there is none. */
    public static function link(string $study, string $reader): ?string
    {
        // Asked again, so that a form that somebody made up opens no other patient's study.
        if (!in_array($study, array_column(self::studies() ?? [], 'studyInstanceUID'), true)) {
            return null;
        }
        $asked = ['studyInstanceUID' => $study, 'patientID' => self::patient()['patientID'], 'uses' => 1,
            'expiresInHours' => 1, 'userName' => substr($reader, 0, 200), 'purpose' => 'OpenEMR chart'];
        $url = self::post('/sightline/openemr/links', $asked)['url'] ?? null;
        return is_string($url) && str_starts_with($url, self::url() . '/sightline/link/') ? $url : null;
    }

    public static function picture(array $study): string
    {
        $picture = $study['thumbnail'] ?? '';
        return is_string($picture) && preg_match(self::PICTURE, $picture) === 1 ? $picture : '';
    }

    public static function csrfToken(): string
    {
        return (string) CsrfUtils::collectCsrfToken(...self::csrfArguments('collectCsrfToken', 0));
    }

    public static function isOwnForm(string $token): bool
    {
        return (bool) CsrfUtils::verifyCsrfToken($token, ...self::csrfArguments('verifyCsrfToken', 1));
    }

    /** OpenEMR 8 wants the session before the subject, 7 does not know it. */
    private static function csrfArguments(string $method, int $position): array
    {
        $parameter = (new \ReflectionMethod(CsrfUtils::class, $method))->getParameters()[$position] ?? null;
        $isNew = $parameter !== null && $parameter->getName() === 'session';
        return $isNew ? [SessionWrapperFactory::getInstance()->getActiveSession()] : [];
    }

    public static function session(string $name): mixed
    {
        $isNew = class_exists(SessionWrapperFactory::class);
        return $isNew ? SessionWrapperFactory::getInstance()->getActiveSession()->get($name) : ($_SESSION[$name] ?? null);
    }

    private static function url(): string
    {
        $url = rtrim(trim((string) ($GLOBALS['sightline_url'] ?? '')), '/');
        // Without TLS on this very machine only: the key goes there.
        return preg_match('#^(https://[^\s?\#@]+|http://(127\.0\.0\.1|localhost)(:\d+)?(/[^\s?\#@]*)?)$#D', $url) ? $url : '';
    }

    /** Return the patient whose chart is open, as Sightline asks for it: by the session, never by a parameter. */
    private static function patient(): ?array
    {
        $row = sqlQuery('SELECT pid, pubpid, lname, DOB FROM patient_data WHERE pid = ?', [(int) self::session('pid')]);
        $number = is_array($row) ? trim((string) $row[($GLOBALS['sightline_number'] ?? '') === 'pid' ? 'pid' : 'pubpid']) : '';
        // MySQL writes a birth date that nobody knows as 0000-00-00.
        $isKnown = $number !== '' && trim((string) $row['lname']) !== '' && (int) $row['DOB'] > 0;
        return $isKnown ? ['patientID' => ($GLOBALS['sightline_prefix'] ?? '') . $number,
            'birthDate' => (string) $row['DOB'], 'familyName' => (string) $row['lname']] : null;
    }

    private static function post(string $path, array $body): ?array
    {
        $key = self::isConfigured() ? (new CryptoGen())->decryptStandard($GLOBALS['sightline_key']) : '';
        if (!is_string($key) || $key === '' || preg_match('/[\r\n]/', $key) === 1) {
            return null;
        }
        $http = ['method' => 'POST', 'content' => json_encode($body), 'timeout' => self::SECONDS, 'follow_location' => 0,
            'header' => "Content-Type: application/json\r\nAuthorization: Bearer $key\r\nConnection: close\r\n"];
        $text = @file_get_contents(self::url() . $path, false, stream_context_create(['http' => $http]), 0, self::MOST_BYTES);
        $answer = is_string($text) ? json_decode($text, true, 16) : null;
        return is_array($answer) ? $answer : null;
    }
}
