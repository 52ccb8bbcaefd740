<?php

declare(strict_types=1);

namespace Zvonok;

/**
 * The host's functions behind C ones. PHP ends the process where an exception leaves such a function,
 * so none does.
 *
 * @internal
 */
final class Callbacks
{
    public \FFI\CData $host;
    private ?\Throwable $thrown = null;

    public function __construct(\FFI $c, ?callable $log, ?callable $progress)
    {
        $this->host = $c->new('zvonok_host');
        $this->host->struct_size = \FFI::sizeof($this->host);
        $this->host->abi_version = Library::ABI_VERSION;
        if ($log !== null) {
            $this->host->log = function ($data, int $level, string $text, int $len) use ($log): void {
                $this->guarded(fn () => $log($level, $text));
            };
        }
        if ($progress !== null) {
            $this->host->progress = function ($data, int $phase, int $done, int $total) use ($progress): int {
                // An exception cancels the call.
                return $this->guarded(fn () => $progress($phase, $done, $total) ? 1 : 0) ?? 1;
            };
        }
    }

    /** Throws what a callback threw during the call, if it did. */
    public function rethrow(): void
    {
        [$thrown, $this->thrown] = [$this->thrown, null];
        if ($thrown !== null) {
            throw $thrown;
        }
    }

    private function guarded(callable $call): mixed
    {
        try {
            return $call();
        } catch (\Throwable $error) {
            $this->thrown ??= $error;
            return null;
        }
    }
}
