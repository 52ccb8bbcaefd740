<?php

declare(strict_types=1);

namespace Zvonok;

/**
 * The loaded library: a school's messenger chats follow the school's own data.
 *
 *     $zvonok = new Zvonok\Library('/opt/zvonok/libzvonok.so');
 *     $session = $zvonok->open(['state' => '/var/lib/school/zvonok.db', ...]);
 *     $report = $session->sync($roster)->document();
 *     $session->close();
 *
 * Documents go in as arrays, objects or JSON texts. A call that failed throws Error; a call that
 * finished with something to look at returns a Reply whose code is PARTIAL or HELD.
 */
final class Library
{
    public const ABI_VERSION = 1;

    private \FFI $c;

    /** @param ?string $path absolute; null looks for the library where the system does */
    public function __construct(?string $path = null)
    {
        $path ??= PHP_OS_FAMILY === 'Windows' ? 'zvonok.dll' : 'libzvonok.so.' . self::ABI_VERSION;
        $this->c = \FFI::cdef(file_get_contents(__DIR__ . '/zvonok.ffi.h'), $path);
        if ($this->abiVersion() !== self::ABI_VERSION) {
            $found = $this->abiVersion();
            throw new \RuntimeException("zvonok speaks interface $found, not " . self::ABI_VERSION);
        }
    }

    public function abiVersion(): int
    {
        return $this->c->zvonok_abi_version();
    }

    /** The library's version and what is inside, in one line, for support. */
    public function version(): string
    {
        return $this->c->zvonok_version();
    }

    /** One English sentence for a code. */
    public function describe(int $code): string
    {
        return $this->c->zvonok_strerror($code);
    }

    /**
     * Opens a session. The callbacks hear of every call on it: $log(int $level, string $text), and
     * $progress(int $phase, int $done, int $total), where true cancels the call.
     */
    public function open(
        array|object|string $config,
        ?callable $log = null,
        ?callable $progress = null,
    ): Session {
        return $this->started('zvonok_open', $config, $log, $progress);
    }

    /**
     * A scheduler's whole job; the report is the session's reply. A text goes as it is: it may be
     * in windows-1251.
     */
    public function runTask(
        array|object|string $settings,
        ?callable $log = null,
        ?callable $progress = null,
    ): Session {
        return $this->started('zvonok_run_task', $settings, $log, $progress);
    }

    /**
     * Looks for every fault without the state file and the network. Faults throw nothing: the code
     * is the first of CONFIG, PROFILE, ROSTER that a fault is of.
     */
    public function check(array|object|string $config, array|object|string|null $roster = null): Reply
    {
        $text = self::encoded($config);
        $rows = $roster === null ? null : self::encoded($roster);
        $out = $this->c->new('zvonok_session *');
        $length = strlen($rows ?? '');
        $code = $this->c->zvonok_check($text, strlen($text), $rows, $length, \FFI::addr($out));
        $reply = new Reply($code, $this->c->zvonok_reply($out, null));
        $this->c->zvonok_close($out);
        if ($code < 0 && !in_array($code, [Code::CONFIG, Code::PROFILE, Code::ROSTER], true)) {
            throw new Error($code, $reply->text);
        }
        return $reply;
    }

    /** A document as JSON; a text is one already. */
    public static function encoded(array|object|string $document): string
    {
        $flags = JSON_THROW_ON_ERROR | JSON_UNESCAPED_UNICODE | JSON_UNESCAPED_SLASHES
            | JSON_PRESERVE_ZERO_FRACTION;
        if ($document === []) {
            return '{}';
        }
        return is_string($document) ? $document : json_encode($document, $flags);
    }

    private function started(
        string $function,
        array|object|string $document,
        ?callable $log,
        ?callable $progress,
    ): Session {
        $text = self::encoded($document);
        $callbacks = new Callbacks($this->c, $log, $progress);
        $out = $this->c->new('zvonok_session *');
        $host = \FFI::addr($callbacks->host);
        $code = $this->c->{$function}($text, strlen($text), $host, \FFI::addr($out));
        $session = new Session($this->c, $out, $callbacks);
        $session->finished($code);
        return $session;
    }
}
