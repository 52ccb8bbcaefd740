package zvonok;

/** What a call returned. Later versions of the library may have more. */
public final class Code {
    public static final int OK = 0;
    public static final int PARTIAL = 1;
    public static final int HELD = 2;
    public static final int BAD_HANDLE = -1;
    public static final int BAD_ARGUMENT = -2;
    public static final int BUSY = -3;
    public static final int LOCKED = -4;
    public static final int CONFIG = -5;
    public static final int ROSTER = -6;
    public static final int PROFILE = -7;
    public static final int STATE = -8;
    public static final int PLATFORM = -9;
    public static final int AUTH = -10;
    public static final int DENIED = -11;
    public static final int REQUEST = -12;
    public static final int CANCELLED = -13;
    public static final int INTERNAL = -14;

    private Code() {}
}
