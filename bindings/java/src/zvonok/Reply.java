package zvonok;

import java.util.Map;

/** What a call came to and the document that it left. */
public final class Reply {
    /** A number of {@link Code}. */
    public final int code;
    /** The document as JSON. */
    public final String text;

    Reply(int code, String text) {
        this.code = code;
        this.text = text;
    }

    /** The document as maps, lists, texts, numbers. */
    public Map<String, Object> document() {
        return Json.object(text);
    }
}
