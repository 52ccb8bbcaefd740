package zvonok;

import com.sun.jna.Pointer;
import java.util.Map;
import java.util.concurrent.atomic.AtomicBoolean;

/** An open session. From any thread, one call at a time: a second one is told BUSY at once. */
public final class Session implements AutoCloseable {
    final Callbacks callbacks;
    Pointer handle;

    private final C c;
    private final AtomicBoolean inside = new AtomicBoolean();
    private Reply last = new Reply(Code.OK, "{}");

    Session(C c, Callbacks callbacks) {
        this.c = c;
        this.callbacks = callbacks;
    }

    /** What the last call on this session came to. */
    public Reply reply() {
        return last;
    }

    public Reply sync(Map<String, ?> roster, Map<String, ?> options) {
        return sync(Json.write(roster), Json.write(options));
    }

    /** One cycle with a roster. The options may be empty. */
    public Reply sync(String roster, String options) {
        byte[] text = Zvonok.bytes(roster);
        byte[] more = Zvonok.bytes(options);
        return call(() -> c.zvonok_sync(handle, text, size(text), more, size(more)));
    }

    public Reply syncPath(String path, Map<String, ?> options) {
        return syncPath(path, Json.write(options));
    }

    /** One cycle with the roster at an absolute path: JSON, or a folder or zip of CSV. */
    public Reply syncPath(String path, String options) {
        byte[] text = Zvonok.bytes(path);
        byte[] more = Zvonok.bytes(options);
        return call(() -> c.zvonok_sync_path(handle, text, size(text), more, size(more)));
    }

    public Reply request(Map<String, ?> request) {
        return request(Json.write(request));
    }

    /** One question or order from the host's screens. */
    public Reply request(String request) {
        byte[] text = Zvonok.bytes(request);
        return call(() -> c.zvonok_request(handle, text, size(text)));
    }

    /** Ends the running call soon; from any thread, also from a callback. */
    public void cancel() {
        check(c.zvonok_cancel(handle));
    }

    /** Ends the session. A second time is fine; while a call runs it throws BUSY. */
    @Override
    public void close() {
        alone(() -> {
            check(c.zvonok_close(handle));
            handle = null;
            return null;
        });
    }

    private interface Call {
        int run();
    }

    private Reply call(Call function) {
        return alone(() -> finished(function.run()));
    }

    /** A reply is borrowed until the next call, so that one has to wait. */
    private <T> T alone(java.util.function.Supplier<T> call) {
        if (!inside.compareAndSet(false, true)) {
            String en = Zvonok.utf8(c.zvonok_strerror(Code.BUSY));
            String message = "{\"en\":" + Json.write(en) + "}";
            String text = "{\"name\":\"BUSY\",\"message\":" + message + ",\"retryable\":true}";
            throw new ZvonokException(Code.BUSY, text);
        }
        try {
            return call.get();
        } finally {
            inside.set(false);
        }
    }

    /** Takes the reply; what a callback threw goes first. */
    Reply finished(int code) {
        last = new Reply(code, replyText());
        callbacks.rethrow();
        if (code < 0) {
            throw new ZvonokException(code, last.text);
        }
        return last;
    }

    String replyText() {
        C.SizeByReference len = new C.SizeByReference();
        Pointer text = c.zvonok_reply(handle, len);
        return Zvonok.utf8(text, len.get());
    }

    /** For calls that leave no document. */
    private void check(int code) {
        if (code < 0) {
            throw new ZvonokException(code, replyText());
        }
    }

    private static C.Size size(byte[] text) {
        return new C.Size(text.length);
    }
}
