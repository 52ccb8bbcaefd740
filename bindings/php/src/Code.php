<?php

declare(strict_types=1);

namespace Zvonok;

/** What a call returned. Later versions of the library may have more. */
final class Code
{
    public const OK = 0;
    public const PARTIAL = 1;
    public const HELD = 2;
    public const BAD_HANDLE = -1;
    public const BAD_ARGUMENT = -2;
    public const BUSY = -3;
    public const LOCKED = -4;
    public const CONFIG = -5;
    public const ROSTER = -6;
    public const PROFILE = -7;
    public const STATE = -8;
    public const PLATFORM = -9;
    public const AUTH = -10;
    public const DENIED = -11;
    public const REQUEST = -12;
    public const CANCELLED = -13;
    public const INTERNAL = -14;
}
