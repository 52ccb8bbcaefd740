<?php

declare(strict_types=1);

namespace Zvonok;

/** What a call came to and the document that it left. */
final class Reply
{
    /** @param int $code one of Code; @param string $text the document as JSON */
    public function __construct(public int $code, public string $text)
    {
    }

    /** The document as arrays. An empty object is an empty array there. */
    public function document(): array
    {
        return json_decode($this->text, true, 512, JSON_THROW_ON_ERROR);
    }

    /** The document as objects and lists, where that difference matters. */
    public function object(): \stdClass
    {
        return json_decode($this->text, false, 512, JSON_THROW_ON_ERROR);
    }
}
