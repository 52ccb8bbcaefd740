package zvonok;

/** How much a log line matters. */
public final class Level {
    public static final int ERROR = 1;
    public static final int WARNING = 2;
    public static final int INFO = 3;
    public static final int DEBUG = 4;

    private Level() {}
}
