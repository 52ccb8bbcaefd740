<?php

declare(strict_types=1);

namespace Zvonok;

/** An open session; it ends with close() or with its object. */
final class Session
{
    private Reply $last;
    private bool $inside = false;

    /** @internal */
    public function __construct(
        private \FFI $c,
        private ?\FFI\CData $handle,
        private Callbacks $callbacks,
    ) {
        $this->last = new Reply(Code::OK, '{}');
    }

    public function __destruct()
    {
        $this->c->zvonok_close($this->handle);
    }

    /** What the last call on this session came to. */
    public function reply(): Reply
    {
        return $this->last;
    }

    /** One cycle with a roster. */
    public function sync(array|object|string $roster, array|object|string $options = ''): Reply
    {
        return $this->call('zvonok_sync', $roster, $options);
    }

    /** One cycle with the roster at an absolute path: JSON, or a folder or zip of CSV. */
    public function syncPath(string $path, array|object|string $options = ''): Reply
    {
        return $this->call('zvonok_sync_path', $path, $options);
    }

    /** One question or order from the host's screens. */
    public function request(array|object|string $request): Reply
    {
        return $this->call('zvonok_request', $request);
    }

    /** Ends the running call soon: for callbacks. */
    public function cancel(): void
    {
        $this->check($this->c->zvonok_cancel($this->handle));
    }

    /** Ends the session. A second time is fine; inside a call it throws BUSY. */
    public function close(): void
    {
        $this->alone(function (): void {
            $this->check($this->c->zvonok_close($this->handle));
            $this->handle = null;
        });
    }

    /**
     * Takes the reply; what a callback threw goes first.
     *
     * @internal
     */
    public function finished(int $code): Reply
    {
        $this->last = new Reply($code, $this->c->zvonok_reply($this->handle, null));
        $this->callbacks->rethrow();
        if ($code < 0) {
            throw new Error($code, $this->last->text);
        }
        return $this->last;
    }

    private function call(string $function, array|object|string ...$documents): Reply
    {
        $arguments = [];
        foreach ($documents as $document) {
            $text = Library::encoded($document);
            array_push($arguments, $text, strlen($text));
        }
        $call = fn () => $this->finished($this->c->{$function}($this->handle, ...$arguments));
        return $this->alone($call);
    }

    /** A call from a callback of the same session is refused here. */
    private function alone(callable $call): mixed
    {
        if ($this->inside) {
            $message = ['en' => $this->c->zvonok_strerror(Code::BUSY)];
            $document = ['name' => 'BUSY', 'message' => $message, 'retryable' => true];
            throw new Error(Code::BUSY, Library::encoded($document));
        }
        $this->inside = true;
        try {
            return $call();
        } finally {
            $this->inside = false;
        }
    }

    /** For calls that leave no document. */
    private function check(int $code): void
    {
        if ($code < 0) {
            throw new Error($code, $this->c->zvonok_reply($this->handle, null));
        }
    }
}
