package zvonok;

/** What a cycle is at. */
public final class Phase {
    public static final int READING = 1;
    public static final int CHECKING = 2;
    public static final int APPLYING = 3;

    private Phase() {}
}
