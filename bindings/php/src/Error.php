<?php

declare(strict_types=1);

namespace Zvonok;

/** A call failed. getCode() is one of Code. */
final class Error extends \RuntimeException
{
    /** The code's name: ROSTER. */
    public string $name;
    /** What is wrong, in Russian and in English. */
    public string $ru;
    public string $en;
    /** What is wrong where: arrays with code, at, value, message. */
    public array $faults;
    /** Whether the same call may succeed later. */
    public bool $retryable;
    public Reply $reply;

    public function __construct(int $code, string $text)
    {
        $this->reply = new Reply($code, $text);
        $document = $this->reply->document();
        $this->name = $document['name'] ?? (string) $code;
        $this->ru = $document['message']['ru'] ?? '';
        $this->en = $document['message']['en'] ?? '';
        $this->faults = $document['faults'] ?? [];
        $this->retryable = $document['retryable'] ?? false;
        parent::__construct("$this->name ($code): $this->en", $code);
    }
}
