package zvonok;

import com.sun.jna.Native;
import com.sun.jna.Pointer;
import com.sun.jna.ptr.PointerByReference;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The loaded library: a school's messenger chats follow the school's own data.
 *
 * <pre>
 * Zvonok zvonok = new Zvonok("/opt/zvonok/libzvonok.so");
 * try (Session session = zvonok.open(config)) {
 *     Reply report = session.sync(roster, options);
 *     Map&lt;String, Object&gt; chats = session.request(question).document();
 * }
 * </pre>
 *
 * A call that failed throws {@link ZvonokException}; a call that finished with something to look at
 * returns a {@link Reply} whose code is {@link Code#PARTIAL} or {@link Code#HELD}.
 */
public final class Zvonok {
    final C c;

    /**
     * Loads the library.
     *
     * @param path an absolute path, or a name that the system's loader finds
     */
    public Zvonok(String path) {
        c = Native.load(path, C.class);
        if (abiVersion() != C.ABI_VERSION) {
            throw new UnsatisfiedLinkError(
                    "zvonok speaks interface " + abiVersion() + ", not " + C.ABI_VERSION);
        }
    }

    public int abiVersion() {
        return c.zvonok_abi_version();
    }

    /** The library's version and what is inside, in one line, for support. */
    public String version() {
        return utf8(c.zvonok_version());
    }

    /** One English sentence for a code. */
    public String describe(int code) {
        return utf8(c.zvonok_strerror(code));
    }

    public Session open(Map<String, ?> config) {
        return open(Json.write(config), null, null);
    }

    /** Opens a session. The callbacks, each of which may be null, hear of every call on it. */
    public Session open(Map<String, ?> config, Log log, Progress progress) {
        return open(Json.write(config), log, progress);
    }

    public Session open(String config, Log log, Progress progress) {
        return started(c::zvonok_open, bytes(config), log, progress);
    }

    /** A scheduler's whole job; the report is the session's reply. */
    public Session runTask(String settings, Log log, Progress progress) {
        return runTask(bytes(settings), log, progress);
    }

    /** The same with bytes as they are: a settings text may be in windows-1251. */
    public Session runTask(byte[] settings, Log log, Progress progress) {
        return started(c::zvonok_run_task, settings, log, progress);
    }

    public Reply check(Map<String, ?> config, Map<String, ?> roster) {
        return check(Json.write(config), roster == null ? null : Json.write(roster));
    }

    /**
     * Looks for every fault without the state file and the network; the roster may be null. Faults
     * throw nothing: they are the reply, its code is the first of CONFIG, PROFILE, ROSTER.
     */
    public Reply check(String config, String roster) {
        byte[] text = bytes(config);
        byte[] rows = roster == null ? null : bytes(roster);
        C.Size length = new C.Size(rows == null ? 0 : rows.length);
        PointerByReference out = new PointerByReference();
        int code = c.zvonok_check(text, new C.Size(text.length), rows, length, out);
        try (Session session = new Session(c, new Callbacks(null, null))) {
            session.handle = out.getValue();
            Reply reply = new Reply(code, session.replyText());
            boolean faults = code == Code.CONFIG || code == Code.PROFILE || code == Code.ROSTER;
            if (code < 0 && !faults) {
                throw new ZvonokException(code, reply.text);
            }
            return reply;
        }
    }

    private interface Start {
        int call(byte[] text, C.Size len, C.Host host, PointerByReference out);
    }

    private Session started(Start function, byte[] text, Log log, Progress progress) {
        Session session = new Session(c, new Callbacks(log, progress));
        PointerByReference out = new PointerByReference();
        try {
            C.Host host = session.callbacks.host;
            int code = function.call(text, new C.Size(text.length), host, out);
            session.handle = out.getValue();
            session.finished(code);
            return session;
        } catch (Throwable error) {
            session.close();
            throw error;
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    static String utf8(Pointer text) {
        return text.getString(0, StandardCharsets.UTF_8.name());
    }

    static String utf8(Pointer text, int len) {
        return new String(text.getByteArray(0, len), StandardCharsets.UTF_8);
    }
}
