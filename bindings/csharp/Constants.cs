namespace Zvonok
{
    /// <summary>What a call returned. Later versions of the library may have more.</summary>
    public static class Code
    {
        public const int Ok = 0;
        public const int Partial = 1;
        public const int Held = 2;
        public const int BadHandle = -1;
        public const int BadArgument = -2;
        public const int Busy = -3;
        public const int Locked = -4;
        public const int Config = -5;
        public const int Roster = -6;
        public const int Profile = -7;
        public const int State = -8;
        public const int Platform = -9;
        public const int Auth = -10;
        public const int Denied = -11;
        public const int Request = -12;
        public const int Cancelled = -13;
        public const int Internal = -14;
    }

    /// <summary>How much a log line matters.</summary>
    public enum LogLevel
    {
        Error = 1,
        Warning = 2,
        Info = 3,
        Debug = 4,
    }

    /// <summary>What a cycle is at.</summary>
    public enum Phase
    {
        Reading = 1,
        Checking = 2,
        Applying = 3,
    }
}
