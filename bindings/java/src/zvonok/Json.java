package zvonok;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * JSON as Java's own values: Map, List, String, Long or BigDecimal, Boolean, null. For hosts that
 * have no JSON library; one that has hands over and takes texts.
 */
public final class Json {
    private static final int DEEPEST = 128;

    private final String text;
    private int at;

    private Json(String text) {
        this.text = text;
    }

    /**
     * Reads a document.
     *
     * @throws IllegalArgumentException where it is none, with the place
     */
    public static Object parse(String text) {
        Json reader = new Json(text);
        Object value = reader.value(0);
        reader.space();
        if (reader.at < text.length()) {
            throw reader.expected("nothing more");
        }
        return value;
    }

    /** Writes maps, iterables, texts, numbers, booleans and null. */
    public static String write(Object value) {
        StringBuilder out = new StringBuilder();
        write(value, out);
        return out.toString();
    }

    static Map<String, Object> object(String text) {
        return map(parse(text));
    }

    /** A value as the map that it is, or an empty one. */
    @SuppressWarnings("unchecked")
    static Map<String, Object> map(Object value) {
        return value instanceof Map ? (Map<String, Object>) value : Collections.emptyMap();
    }

    private static void write(Object value, StringBuilder out) {
        if (value == null || value instanceof Boolean || value instanceof Number) {
            out.append(value);
        } else if (value instanceof Map) {
            char before = '{';
            for (Map.Entry<?, ?> entry : ((Map<?, ?>) value).entrySet()) {
                quote(entry.getKey().toString(), out.append(before));
                write(entry.getValue(), out.append(':'));
                before = ',';
            }
            out.append(before == '{' ? "{}" : "}");
        } else if (value instanceof Iterable) {
            char before = '[';
            for (Object item : (Iterable<?>) value) {
                write(item, out.append(before));
                before = ',';
            }
            out.append(before == '[' ? "[]" : "]");
        } else {
            quote(value.toString(), out);
        }
    }

    private static void quote(String text, StringBuilder out) {
        out.append('"');
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c == '"' || c == '\\') {
                out.append('\\').append(c);
            } else if (c < 0x20) {
                out.append(String.format("\\u%04x", (int) c));
            } else {
                out.append(c);
            }
        }
        out.append('"');
    }

    private IllegalArgumentException expected(String what) {
        return new IllegalArgumentException("JSON, character " + at + ": expected " + what);
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    private void space() {
        while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
            at++;
        }
    }

    private boolean take(String word) {
        space();
        boolean found = text.startsWith(word, at);
        at += found ? word.length() : 0;
        return found;
    }

    private Object value(int depth) {
        if (depth > DEEPEST) {
            throw expected("less depth");
        }
        if (take("{")) {
            return fields(depth);
        }
        if (take("[")) {
            return items(depth);
        }
        if (take("null")) {
            return null;
        }
        if (take("true")) {
            return true;
        }
        if (take("false")) {
            return false;
        }
        return peek() == '"' ? string() : number();
    }

    private Map<String, Object> fields(int depth) {
        Map<String, Object> found = new LinkedHashMap<>();
        if (take("}")) {
            return found;
        }
        do {
            space();
            String name = string();
            if (!take(":")) {
                throw expected("a colon");
            }
            found.put(name, value(depth + 1));
        } while (take(","));
        if (!take("}")) {
            throw expected("a comma or a brace");
        }
        return found;
    }

    private List<Object> items(int depth) {
        List<Object> found = new ArrayList<>();
        if (take("]")) {
            return found;
        }
        do {
            found.add(value(depth + 1));
        } while (take(","));
        if (!take("]")) {
            throw expected("a comma or a bracket");
        }
        return found;
    }

    private Number number() {
        int start = at;
        while ("+-.0123456789Ee".indexOf(peek()) >= 0) {
            at++;
        }
        String digits = text.substring(start, at);
        try {
            return Long.valueOf(digits);
        } catch (NumberFormatException notLong) {
            try {
                return new BigDecimal(digits);
            } catch (NumberFormatException none) {
                at = start;
                throw expected("a value");
            }
        }
    }

    private String string() {
        if (!take("\"")) {
            throw expected("a text");
        }
        StringBuilder out = new StringBuilder();
        while (peek() != '"') {
            if (at >= text.length()) {
                throw expected("the end of a text");
            }
            char c = text.charAt(at++);
            out.append(c == '\\' ? escaped() : c);
        }
        at++;
        return out.toString();
    }

    private char escaped() {
        char name = peek();
        at++;
        if (name == 'u') {
            try {
                at += 4;
                return (char) Integer.parseInt(text.substring(at - 4, at), 16);
            } catch (IndexOutOfBoundsException | NumberFormatException none) {
                throw expected("four hexadecimal digits");
            }
        }
        int place = "\"\\/bfnrt".indexOf(name);
        if (place < 0) {
            throw expected("an escape");
        }
        return "\"\\/\b\f\n\r\t".charAt(place);
    }
}
