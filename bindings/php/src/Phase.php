<?php

declare(strict_types=1);

namespace Zvonok;

/** What a cycle is at. */
final class Phase
{
    public const READING = 1;
    public const CHECKING = 2;
    public const APPLYING = 3;
}
