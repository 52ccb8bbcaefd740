package zvonok;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;

/** A call failed. */
public final class ZvonokException extends RuntimeException {
    private static final long serialVersionUID = 1;

    private final int code;
    private final String text;

    ZvonokException(int code, String text) {
        super(sentence(code, Json.object(text)));
        this.code = code;
        this.text = text;
    }

    private static String sentence(int code, Map<String, Object> document) {
        Object en = Json.map(document.get("message")).get("en");
        return document.get("name") + " (" + code + "): " + en;
    }

    /** A number of {@link Code}. */
    public int code() {
        return code;
    }

    /** The code's name: ROSTER. */
    public String name() {
        return (String) document().get("name");
    }

    /** What is wrong, in Russian. */
    public String ru() {
        return (String) Json.map(document().get("message")).get("ru");
    }

    /** What is wrong, in English. */
    public String en() {
        return (String) Json.map(document().get("message")).get("en");
    }

    /** What is wrong where: maps with code, at, value, message. */
    public List<Map<String, Object>> faults() {
        List<Map<String, Object>> faults = new ArrayList<>();
        Object found = document().get("faults");
        for (Object fault : found instanceof List ? (List<?>) found : Collections.emptyList()) {
            faults.add(Json.map(fault));
        }
        return faults;
    }

    /** Whether the same call may succeed later. */
    public boolean retryable() {
        return Boolean.TRUE.equals(document().get("retryable"));
    }

    /** The whole document. */
    public Map<String, Object> document() {
        return Json.object(text);
    }
}
