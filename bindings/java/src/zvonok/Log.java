package zvonok;

/**
 * Takes a line for the host's log, on the thread of the call. An exception stops nothing and is
 * thrown when the call is over.
 */
public interface Log {
    void line(int level, String text);
}
