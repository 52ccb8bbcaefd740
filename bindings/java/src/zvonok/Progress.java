package zvonok;

/**
 * Hears how far a phase is, on the thread of the call; true cancels the call. An exception cancels
 * it, too, and is thrown when the call is over.
 */
public interface Progress {
    boolean cancels(int phase, int done, int total);
}
