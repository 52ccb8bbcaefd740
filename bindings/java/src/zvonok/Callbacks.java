package zvonok;

import com.sun.jna.Pointer;

/** The host's functions behind C ones. No exception gets into the library. */
final class Callbacks {
    /** Lives as long as the session: the library calls what it points to. */
    final C.Host host = new C.Host();

    private Throwable thrown;

    Callbacks(Log log, Progress progress) {
        if (log != null) {
            host.log = (data, level, text, len) -> {
                try {
                    log.line(level, Zvonok.utf8(text, len.intValue()));
                } catch (Throwable error) {
                    remember(error);
                }
            };
        }
        if (progress != null) {
            host.progress = (Pointer data, int phase, int done, int total) -> {
                try {
                    return progress.cancels(phase, done, total) ? 1 : 0;
                } catch (Throwable error) {
                    remember(error);
                    return 1;
                }
            };
        }
    }

    /** Throws what a callback threw during the call, if it did. */
    void rethrow() {
        Throwable found = thrown;
        thrown = null;
        if (found instanceof Error) {
            throw (Error) found;
        }
        if (found != null) {
            throw (RuntimeException) found; // the interfaces allow no checked ones
        }
    }

    private void remember(Throwable error) {
        thrown = thrown == null ? error : thrown;
    }
}
