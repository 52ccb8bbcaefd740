<?php

declare(strict_types=1);

namespace Zvonok;

/** How much a log line matters. */
final class LogLevel
{
    public const ERROR = 1;
    public const WARNING = 2;
    public const INFO = 3;
    public const DEBUG = 4;
}
