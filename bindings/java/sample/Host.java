import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import zvonok.Level;
import zvonok.Session;
import zvonok.Zvonok;
import zvonok.ZvonokException;

/**
 * A host in Java: one cycle, then what its screens would show.
 *
 * <pre>java Host LIBRARY ROSTER KIND ADDRESS TOKEN [COMMUNITY]</pre>
 */
public final class Host {
    private static PrintStream out;

    private Host() {}

    public static void main(String[] arguments) throws IOException {
        out = new PrintStream(new FileOutputStream(FileDescriptor.out), true, "UTF-8");
        Zvonok zvonok = new Zvonok(arguments[0]);
        out.println(zvonok.version());
        String roster = arguments[1];
        Map<String, Object> platform =
                map("kind", arguments[2], "base_url", arguments[3], "token", arguments[4]);
        if (arguments.length > 5) {
            platform.put("community", arguments[5]);
        }
        Map<String, Object> config =
                map("state", roster + ".db", "profile", "paragraf", "platform", platform);
        try (Session session = zvonok.open(config, Host::onLog, Host::onProgress)) {
            Map<String, Object> report = session.syncPath(roster, map()).document();
            List<Map<String, Object>> chats = list(report.get("chats"));
            int tasks = list(report.get("tasks")).size();
            out.println(report.get("status") + ": " + chats.size() + " chats, " + tasks + " tasks");
            registry(session);
            toDo(session);
            oneChat(session, chats.get(0).get("key"));
            refusals(zvonok, session, config);
        }
    }

    private static void onLog(int level, String text) {
        if (level <= Level.WARNING) {
            out.println("log: " + text);
        }
    }

    /** A host with a window moves its progress bar here; true would cancel. */
    private static boolean onProgress(int phase, int done, int total) {
        return false;
    }

    private static Map<String, Object> ask(Session session, String method, Object... params) {
        Map<String, Object> request =
                map("method", method, "actor", "system", "params", map(params));
        return object(session.request(request).document().get("result"));
    }

    private static void registry(Session session) {
        out.println("\nChats");
        Object found = ask(session, "chats.list", "per_page", 100, "sort", "title").get("chats");
        for (Map<String, Object> chat : list(found)) {
            Map<String, Object> members = object(chat.get("members"));
            Object link = chat.get("link");
            out.println("  " + chat.get("title") + ": " + chat.get("state") + ", "
                    + members.get("linked") + " of " + members.get("desired") + " linked, "
                    + (link == null ? "no link yet" : link));
        }
    }

    private static void toDo(Session session) {
        out.println("\nFor people to do");
        for (Map<String, Object> task : list(ask(session, "tasks.list", "per_page", 2).get("tasks"))) {
            out.println("  " + task.get("title") + " " + task.get("code"));
            int number = 0;
            for (Object step : (List<?>) object(task.get("steps")).get("ru")) {
                number++;
                out.println("    " + number + ". " + step);
            }
        }
    }

    private static void oneChat(Session session, Object key) {
        Map<String, Object> chat = ask(session, "chats.get", "chat", key);
        out.println("\n" + chat.get("title"));
        for (Map<String, Object> member : list(chat.get("members"))) {
            out.println("  " + member.get("person") + " " + member.get("role") + ": "
                    + member.get("state"));
        }
    }

    private static void refusals(Zvonok zvonok, Session session, Map<String, Object> config) {
        out.println("\nWhat is refused");
        try {
            ask(session, "chats.get", "chat", "class:none");
        } catch (ZvonokException error) {
            out.println("  " + error.name() + ": " + error.ru());
        }
        config.put("grase", "1d");
        try (Session wrong = zvonok.open(config)) {
            out.println(wrong.reply().text);
        } catch (ZvonokException error) {
            out.println("  " + error.name() + ":");
            for (Map<String, Object> fault : error.faults()) {
                out.println("    " + fault.get("at") + ": " + object(fault.get("message")).get("ru"));
            }
        }
    }

    /** A map from names and values by turns. */
    private static Map<String, Object> map(Object... pairs) {
        Map<String, Object> found = new HashMap<>();
        for (int i = 0; i < pairs.length; i += 2) {
            found.put((String) pairs[i], pairs[i + 1]);
        }
        return found;
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> object(Object value) {
        return (Map<String, Object>) value;
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> list(Object value) {
        return (List<Map<String, Object>>) value;
    }
}
